//! A release holds the site inside the program. Other builds read it from where `cargo xtask` puts it, so that neither
//! the site nor the program waits for the other to be built.

use std::{env, path::Path};

fn main() {
    let site = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../target/site");
    println!("cargo:rustc-check-cfg=cfg(embedded_site)");
    println!("cargo:rustc-env=STIMMWERK_SITE={}", site.display());
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        // rust-embed needs the folder. Without a site in it the program serves plain pages.
        let _ = std::fs::create_dir_all(&site);
        println!("cargo:rustc-cfg=embedded_site");
        // Another manifest means another site to embed.
        println!("cargo:rerun-if-changed={}", site.join("manifest.json").display());
    }
}
