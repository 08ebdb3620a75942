//! The invariants of the code's structure that the compiler does not see.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};

use crate::command::{cargo, output, root};

/// What has no place in the domain: decide and apply are pure.
const IMPURE: [&str; 11] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "println!",
    "async fn",
    "new_v4",
    "now_v7",
];

/// Libraries that do I/O, keep time or make randomness.
const IMPURE_LIBRARIES: [&str; 9] =
    ["tokio", "mio", "async-std", "sqlx", "axum", "hyper", "reqwest", "rand", "getrandom"];

/// Libraries that one package alone may name, and that package.
const OWNED: [(&str, &str, &str); 3] = [
    ("sqlx", "crates/eventlog", "only eventlog knows SQL"),
    ("axum", "crates/server", "only server serves HTTP"),
    ("wasm-bindgen-cli-support", "crates/xtask", "only xtask builds WebAssembly"),
];

/// What the layers of the server may not use. `use_cases` is the lower one; the other three stand beside each other on it.
const LAYERS: [(&str, &[&str]); 4] = [
    ("use_cases", &["rest", "pages", "live", "gate", "form", "guard", "finish", "openapi"]),
    ("rest", &["pages", "live"]),
    ("pages", &["rest", "live"]),
    ("live", &["rest", "pages"]),
];

/// Words of HTTP, which use cases do not know.
const HTTP: [&str; 4] = ["axum", "StatusCode", "HeaderMap", "HeaderValue"];

/// Where long answers are built, and where pages are rendered: heavy reads have one way through `reads.rs`.
const HEAVY_READS: [(&str, &[&str]); 2] =
    [("in_turn(", &["reads.rs", "use_cases", "room", "qr.rs"]), ("rendered(", &["reads.rs", "pages/render.rs"])];

/// Checks every invariant and says which are broken, and where.
pub fn check() -> Result<()> {
    let mut broken = Vec::new();
    core_is_pure(&mut broken)?;
    libraries_have_one_owner(&mut broken)?;
    pages_see_no_stored_events(&mut broken)?;
    migrations_match(&mut broken)?;
    server_has_layers(&mut broken)?;
    heavy_reads_have_one_way(&mut broken)?;
    for line in &broken {
        eprintln!("{line}");
    }
    ensure!(broken.is_empty(), "{} places break an invariant", broken.len());
    Ok(())
}

fn core_is_pure(broken: &mut Vec<String>) -> Result<()> {
    let invariant = "core has no I/O, clock or randomness";
    find_in_sources(&root().join("crates/core/src"), invariant, broken, |line| {
        IMPURE.iter().any(|word| line.contains(word))
    })?;
    let tree = ["tree", "--package", "stimmwerk-core", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = output(cargo().args(tree))?;
    let libraries: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    for library in IMPURE_LIBRARIES.iter().filter(|library| libraries.contains(*library)) {
        broken.push(format!("{invariant}: crates/core/Cargo.toml: depends on {library}"));
    }
    Ok(())
}

fn libraries_have_one_owner(broken: &mut Vec<String>) -> Result<()> {
    for package in packages()? {
        for (library, owner, invariant) in OWNED.iter().filter(|(_, owner, _)| root().join(owner) != package) {
            for line in dependency_lines(&package)?.iter().filter(|(_, name)| name == library) {
                broken.push(format!("{invariant}, {owner}: {}:{}", shown(&package.join("Cargo.toml")), line.0));
            }
        }
    }
    Ok(())
}

fn pages_see_no_stored_events(broken: &mut Vec<String>) -> Result<()> {
    let invariant = "ui sees views and deltas, never stored events";
    let ui = root().join("frontend/ui");
    for (number, name) in dependency_lines(&ui)? {
        if ["stimmwerk-eventlog", "stimmwerk-server"].contains(&name.as_str()) {
            broken.push(format!("{invariant}: {}:{number}", shown(&ui.join("Cargo.toml"))));
        }
    }
    // The feature with states and events; the browser's build would carry them.
    for (number, line) in numbered(&fs::read_to_string(ui.join("Cargo.toml"))?) {
        if line.contains("stimmwerk-core") && line.contains("decide") {
            broken.push(format!("{invariant}: {}:{number}", shown(&ui.join("Cargo.toml"))));
        }
    }
    find_in_sources(&ui.join("src"), invariant, broken, |line| {
        line.contains("stimmwerk_core") && (line.contains("::event::") || line.contains("Event"))
    })
}

fn migrations_match(broken: &mut Vec<String>) -> Result<()> {
    let names = |database: &str| -> Result<Option<BTreeSet<String>>> {
        let folder = root().join("migrations").join(database);
        if !folder.exists() {
            return Ok(None);
        }
        let name = |entry: std::io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        Ok(Some(fs::read_dir(folder)?.map(name).collect::<Result<_>>()?))
    };
    if let (Some(sqlite), Some(postgres)) = (names("sqlite")?, names("postgres")?) {
        for name in sqlite.symmetric_difference(&postgres) {
            broken.push(format!("both databases have the same migrations: {name} is in one of them only"));
        }
    }
    Ok(())
}

/// The server's modules (the files and folders of its `src`) use one another in one direction, and its layers stand apart.
fn server_has_layers(broken: &mut Vec<String>) -> Result<()> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(root().join("crates/server/src"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // The crate's roots put everything together, and tests look everywhere.
        if !["lib", "main", "tests"].contains(&name.as_str()) {
            modules_used(&path, uses.entry(name).or_default())?;
        }
    }
    for (layer, others) in LAYERS {
        for other in others.iter().filter(|other| uses.get(layer).is_some_and(|used| used.contains(**other))) {
            broken.push(format!("the server has layers: {layer} uses {other}"));
        }
    }
    find_in_sources(&root().join("crates/server/src/use_cases"), "use cases know no HTTP", broken, |line| {
        HTTP.iter().any(|word| line.contains(word))
    })?;
    // What uses nothing that is left is no part of a circle.
    let left: BTreeSet<String> = uses.keys().cloned().collect();
    for (name, used) in &mut uses {
        used.retain(|other| other != name && left.contains(other));
    }
    while let Some(free) = uses.iter().find(|(_, used)| used.is_empty()).map(|(name, _)| name.clone()) {
        uses.remove(&free);
        for used in uses.values_mut() {
            used.remove(&free);
        }
    }
    for (name, used) in uses {
        broken.push(format!(
            "the server's modules use one another in one direction: {name} is in a circle or leads into one, by {used:?}"
        ));
    }
    Ok(())
}

/// Adds the modules of the crate that are used by a file, or by the files of a folder.
fn modules_used(path: &Path, used: &mut BTreeSet<String>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            modules_used(&entry?.path(), used)?;
        }
        return Ok(());
    }
    if path.extension().is_none_or(|extension| extension != "rs") {
        return Ok(());
    }
    let source = fs::read_to_string(path)?;
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    for path in code.join(" ").split("crate::").skip(1) {
        // `crate::{one::Thing, other}` names several.
        let several = path.strip_prefix('{').map(|group| group.split("};").next().unwrap_or_default().split(", "));
        for module in several.into_iter().flatten().chain(Some(path).filter(|path| !path.starts_with('{'))) {
            let module = module.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            used.insert(module.to_owned());
        }
    }
    Ok(())
}

fn heavy_reads_have_one_way(broken: &mut Vec<String>) -> Result<()> {
    let sources = root().join("crates/server/src");
    for (call, places) in HEAVY_READS {
        let mut found = Vec::new();
        find_in_sources(&sources, "heavy reads have one way", &mut found, |line| line.contains(call))?;
        let allowed = |line: &String| places.iter().any(|place| line.contains(&format!("server/src/{place}")));
        broken.extend(found.into_iter().filter(|line| !allowed(line)));
    }
    Ok(())
}

/// The folders that hold a package of the workspace.
fn packages() -> Result<Vec<PathBuf>> {
    let mut packages = vec![root().join("tests")];
    for parent in ["crates", "frontend", "frontend/wasm"] {
        for entry in fs::read_dir(root().join(parent))? {
            packages.push(entry?.path());
        }
    }
    packages.retain(|package| package.join("Cargo.toml").exists());
    packages.sort();
    Ok(packages)
}

/// The dependencies a package names, with their lines.
fn dependency_lines(package: &Path) -> Result<Vec<(usize, String)>> {
    let manifest = fs::read_to_string(package.join("Cargo.toml"))?;
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in numbered(&manifest) {
        if let Some(table) = line.strip_prefix('[') {
            inside = table.trim_end_matches(']').ends_with("dependencies");
        } else if inside && let Some(name) = line.split(['.', '=', ' ']).next().filter(|name| !name.is_empty()) {
            found.push((number, name.to_owned()));
        }
    }
    Ok(found)
}

/// Looks at each line of code under a folder; comments and tests may say what they like.
fn find_in_sources(
    folder: &Path,
    invariant: &str,
    broken: &mut Vec<String>,
    breaks: impl Fn(&str) -> bool + Copy,
) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|stem| stem == "tests" || stem == "testing") {
            continue;
        }
        if path.is_dir() {
            find_in_sources(&path, invariant, broken, breaks)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path)?;
            let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for (number, line) in numbered(code).filter(|(_, line)| !line.trim_start().starts_with("//")) {
                if breaks(line) {
                    broken.push(format!("{invariant}: {}:{number}: {}", shown(&path), line.trim()));
                }
            }
        }
    }
    Ok(())
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
