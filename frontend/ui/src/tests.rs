use crate::data::{PageData, PageKind};

mod languages;
mod poll;
mod render;
mod screen;
mod staff;

/// A page as HTML, without the marks by which the browser's program tells neighbouring texts apart.
fn markup(page: PageData<PageKind>) -> String {
    crate::render(page).replace("<!>", "")
}
