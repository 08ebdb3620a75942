-- A projector's link is a person of kind 4 with a token; its label is the forum it shows.
CREATE INDEX person_screen ON person (label) WHERE kind = 4;
