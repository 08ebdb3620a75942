//! What a kind of stream can be asked, in one table: the name of each command on the wire, what it asks of its actor, and
//! the request it is over REST. Core judges by it, the server opens its doors by it, and the clients find their way by it.

use crate::people::Need;

/// One command of a kind of stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandRule {
    /// Its `type` on the wire.
    pub name: &'static str,
    /// What it asks of its actor.
    pub need: Need,
    /// The request it is over REST. `None`: the program itself issues it, or it is a part of a wider request.
    pub route: Option<Route>,
}

/// The request a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// POST, PATCH or DELETE.
    pub method: &'static str,
    /// The address. A part in braces stands for a member of the command, or for the object the stream is about.
    pub path: &'static str,
    /// The one member whose own members are the body. `None`: the body has all members that the address does not have.
    pub body_of: Option<&'static str>,
}

impl Route {
    /// The address, with each part in braces filled in. `None`: one of them is not known.
    pub fn fill(&self, mut known: impl FnMut(&str) -> Option<String>) -> Option<String> {
        let mut path = String::new();
        for part in self.path.split('/').skip(1) {
            path.push('/');
            match name_of(part) {
                Some(name) => path.push_str(&known(name)?),
                None => path.push_str(part),
            }
        }
        Some(path)
    }

    /// What stands in a request's address for each part in braces. `None`: it is another request.
    pub fn read<'a>(&self, method: &str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let (mut wanted, mut given) = (self.path.split('/'), path.split('/'));
        let mut known = Vec::new();
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return (self.method == method).then_some(known),
                (Some(wanted), Some(given)) => match name_of(wanted) {
                    Some(name) => known.push((name, given)),
                    None if wanted == given => {}
                    None => return None,
                },
                _ => return None,
            }
        }
    }
}

/// The name in a part such as `{forum}`.
fn name_of(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

/// The commands of one kind of stream.
pub trait Commands {
    /// Every command there is.
    const RULES: &'static [CommandRule];

    /// What the table says of this command.
    fn rule(&self) -> &'static CommandRule;
}

/// Defines the commands of a kind of stream together with their table. `at` is the address below which their routes lie;
/// `with` names the one member whose members are the body of the request.
macro_rules! commands {
    (
        $(#[$doc:meta])*
        $name:ident at $base:literal {
            $(
                $(#[$vdoc:meta])*
                $variant:ident = $kind:literal by $need:ident $(, $method:ident $path:literal $(with $body:ident)?)?
                $({ $($(#[$fdoc:meta])* $field:ident: $type:ty,)* })?;
            )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "type")]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $kind)] $variant $({ $($(#[$fdoc])* $field: $type,)* })?,)*
        }

        impl $crate::commands::Commands for $name {
            const RULES: &'static [$crate::commands::CommandRule] =
                &[$($crate::commands::commands!(@rule $base $kind $need $($method $path $($body)?)?),)*];

            fn rule(&self) -> &'static $crate::commands::CommandRule {
                match self {
                    $(Self::$variant { .. } =>
                        &$crate::commands::commands!(@rule $base $kind $need $($method $path $($body)?)?),)*
                }
            }
        }
    };
    (@rule $base:literal $kind:literal $need:ident) => {
        $crate::commands::CommandRule { name: $kind, need: $crate::people::Need::$need, route: None }
    };
    (@rule $base:literal $kind:literal $need:ident $method:ident $path:literal $($body:ident)?) => {
        $crate::commands::CommandRule {
            name: $kind,
            need: $crate::people::Need::$need,
            route: Some($crate::commands::Route {
                method: stringify!($method),
                path: concat!($base, $path),
                body_of: $crate::commands::commands!(@body $($body)?),
            }),
        }
    };
    (@body) => { None };
    (@body $body:ident) => { Some(stringify!($body)) };
}
pub(crate) use commands;

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn given_a_route_then_its_address_is_read_as_it_was_filled() {
        let route = Route { method: "POST", path: "/forums/{forum}/contributions/{contribution}/edit", body_of: None };
        let known = |name: &str| match name {
            "forum" => Some("f1".to_owned()),
            "contribution" => Some("c2".to_owned()),
            _ => None,
        };
        let path = route.fill(known).expect("all is known");
        assert_eq!(path, "/forums/f1/contributions/c2/edit");
        assert_eq!(route.read("POST", &path), Some(vec![("forum", "f1"), ("contribution", "c2")]));
        for (method, path) in [("DELETE", path.as_str()), ("POST", "/forums/f1/contributions/c2"), ("POST", "/x")] {
            assert_eq!(route.read(method, path), None, "{method} {path}");
        }
        assert_eq!(route.fill(|_| None), None);
    }
}
