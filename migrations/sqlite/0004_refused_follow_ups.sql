-- Why a follow-up was refused for good: the code of the refusal. Such a row is kept to be looked at, and never tried again.
ALTER TABLE follow_up ADD COLUMN refused TEXT;
