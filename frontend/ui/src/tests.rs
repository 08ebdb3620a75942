use std::borrow::Borrow;

use crate::data::PageData;
use crate::page::Document;

mod languages;
mod poll;
mod render;
mod screen;
mod staff;

/// A page of any kind.
type Kind = Box<dyn Document>;

fn boxed(page: impl Document) -> Kind {
    Box::new(page)
}

/// A page as HTML, without the marks by which the browser's program tells neighbouring texts apart.
fn markup(page: impl Borrow<PageData<Kind>>) -> String {
    let page = page.borrow();
    crate::render(&page.around(()), &*page.page).replace("<!>", "")
}
