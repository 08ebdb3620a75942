//! What a browser has to load, in bytes.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};

use crate::{
    command::root,
    site::{brotli, folder, gzip},
};

/// Prints the bytes of each file of the site and of each language's words.
pub fn report() -> Result<()> {
    let manifest = fs::read(folder().join("manifest.json")).context("no site yet: cargo xtask wasm")?;
    let manifest: BTreeMap<String, String> = serde_json::from_slice(&manifest)?;
    println!("{:<28}{:>10}{:>10}{:>10}", "site", "plain", "gzip", "brotli");
    for (name, hashed) in &manifest {
        let size =
            |suffix: &str| Ok::<_, anyhow::Error>(fs::metadata(folder().join(format!("{hashed}{suffix}")))?.len());
        println!("{name:<28}{:>10}{:>10}{:>10}", size("")?, size(".gz")?, size(".br")?);
    }

    let locales = root().join("frontend/ui/locales");
    if !locales.exists() {
        return Ok(());
    }
    println!("\n{:<28}{:>10}{:>10}{:>10}", "words", "plain", "gzip", "brotli");
    let mut files = Vec::new();
    for language in fs::read_dir(&locales)? {
        let language = language?.path();
        if language.is_dir() {
            files.extend(
                fs::read_dir(language)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?,
            );
        }
    }
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let words = fs::read(file)?;
        let name = file.strip_prefix(&locales)?.display().to_string();
        println!("{name:<28}{:>10}{:>10}{:>10}", words.len(), gzip(&words)?.len(), brotli(&words)?.len());
    }
    Ok(())
}
