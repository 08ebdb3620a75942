//! The site is built by `cargo xtask`; a build without it makes a program with plain pages.

fn main() {
    let site = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/site");
    // rust-embed wants the folder to be there.
    let _ = std::fs::create_dir_all(&site);
    println!("cargo:rerun-if-changed={}", site.join("manifest.json").display());
    // A new manifest must lead to a new embedding.
    let manifest = std::fs::read_to_string(site.join("manifest.json")).unwrap_or_default();
    println!("cargo:rustc-env=STIMMWERK_SITE={}", manifest.replace(['\n', '\r'], ""));
}
