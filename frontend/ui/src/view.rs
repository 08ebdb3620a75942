//! Views whose type is forgotten.
//!
//! The server uses Leptos' own [`AnyView`]. That one also brings what a page never does in the browser (hydrating
//! while it waits for code, changing a view in place into one of the same type), once for every place that forgets a
//! type. The browser's knows two ways to come about: hydrated, or built.

#[cfg(not(all(feature = "hydrate", not(feature = "ssr"))))]
pub use leptos::prelude::{AnyView, IntoAny};

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
pub use small::{AnyView, IntoAny};

/// One element of the page that nothing changes. The browser leaves it as the server drew it and does not know how.
#[cfg(not(all(feature = "hydrate", not(feature = "ssr"))))]
pub fn still(draw: impl FnOnce() -> AnyView) -> AnyView {
    draw()
}

/// One element of the page that nothing changes. The browser leaves it as the server drew it and does not know how.
#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
pub fn still(_draw: impl FnOnce() -> AnyView) -> AnyView {
    AnyView::of_server()
}

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
mod small {
    use leptos::prelude::*;
    use leptos::tachys::html::attribute::{Attribute, any_attribute::AnyAttribute};
    use leptos::tachys::hydration::Cursor;
    use leptos::tachys::renderer::types::{Element, Node};
    use leptos::tachys::view::{Position, PositionState};
    use wasm_bindgen::JsCast;

    /// A view of any type.
    pub struct AnyView(Box<dyn Piece>);

    /// What stands in the document.
    pub struct Standing(Box<dyn Mountable>);

    trait Piece: Send {
        fn build(self: Box<Self>) -> Standing;
        fn hydrate(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Standing;
    }

    /// An element the server drew.
    struct Still;

    impl Piece for Still {
        fn build(self: Box<Self>) -> Standing {
            unreachable!("the server drew it")
        }

        fn hydrate(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Standing {
            match position.get() {
                Position::FirstChild => cursor.child(),
                Position::Current => {}
                _ => cursor.sibling(),
            }
            position.set(Position::NextChild);
            let element: Element = cursor.current().unchecked_into();
            Standing(Box::new(element))
        }
    }

    impl AnyView {
        /// An element the server drew.
        pub fn of_server() -> Self {
            Self(Box::new(Still))
        }
    }

    impl<T: RenderHtml + 'static> Piece for T {
        fn build(self: Box<Self>) -> Standing {
            Standing(Box::new(Render::build(*self)))
        }

        fn hydrate(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Standing {
            Standing(Box::new(RenderHtml::hydrate::<true>(*self, cursor, position)))
        }
    }

    /// Forgets the type of a view.
    pub trait IntoAny {
        /// The view as one of any type.
        fn into_any(self) -> AnyView;
    }

    impl<T: RenderHtml> IntoAny for T {
        fn into_any(self) -> AnyView {
            AnyView(Box::new(self.into_owned()))
        }
    }

    impl Mountable for Standing {
        fn unmount(&mut self) {
            self.0.unmount();
        }

        fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
            self.0.mount(parent, marker);
        }

        fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
            self.0.insert_before_this(child)
        }

        fn elements(&self) -> Vec<Element> {
            self.0.elements()
        }
    }

    impl Render for AnyView {
        type State = Standing;

        fn build(self) -> Standing {
            self.0.build()
        }

        fn rebuild(self, state: &mut Standing) {
            let mut new = self.build();
            state.insert_before_this(&mut new);
            state.unmount();
            *state = new;
        }
    }

    impl AddAnyAttr for AnyView {
        type Output<A: Attribute> = Self;

        /// No page hands attributes down to a view of any type.
        fn add_any_attr<A: Attribute>(self, _attr: A) -> Self {
            self
        }
    }

    impl RenderHtml for AnyView {
        type AsyncOutput = Self;
        type Owned = Self;

        const MIN_LENGTH: usize = 0;

        fn dry_resolve(&mut self) {}

        async fn resolve(self) -> Self {
            self
        }

        /// The server's.
        fn to_html_with_buf(
            self,
            _html: &mut String,
            _position: &mut Position,
            _escape: bool,
            _mark_branches: bool,
            _attributes: Vec<AnyAttribute>,
        ) {
        }

        fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Standing {
            self.0.hydrate(cursor, position)
        }

        fn into_owned(self) -> Self {
            self
        }
    }
}
