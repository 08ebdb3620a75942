//! Lists the migrations for the program: version, description and SQL of each file, in a constant that `sqlite/mod.rs`
//! includes. `sqlx::migrate!` does the same, but compiles sqlx and SQLite a second time to do it.

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let folder = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../migrations/sqlite");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut list = String::from("&[\n");
    for entry in fs::read_dir(&folder).expect("the folder of migrations") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8");
        let (version, description) = name.split_once('_').expect("NNNN_name.sql");
        let version: i64 = version.parse().expect("a number before the name");
        let description = description.replace('_', " ");
        let path = path.to_str().expect("a path in UTF-8");
        writeln!(list, "({version}, {description:?}, include_str!({path:?})),").expect("writing to a string");
    }
    list.push(']');
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("migrations.rs"), list).expect("the list is written");
}
