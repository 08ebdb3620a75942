//! What a browser has to load, in bytes.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    command::root,
    site::{PROGRAMS, brotli, folder, gzip},
};

/// Checks that no program is larger than its limit.
pub fn check() -> Result<()> {
    let manifest = manifest()?;
    let mut large = Vec::new();
    for program in PROGRAMS {
        let name = format!("{}.wasm", program.name);
        let hashed = manifest.get(&name).with_context(|| format!("the site has no {name}"))?;
        let bytes = fs::metadata(folder().join(format!("{hashed}.br")))?.len();
        eprintln!("{name:<12}{bytes:>9} bytes of at most {}", program.limit);
        if bytes > program.limit {
            large.push(name);
        }
    }
    ensure!(large.is_empty(), "too large for a phone: {}", large.join(", "));
    Ok(())
}

/// The names of the site's files.
fn manifest() -> Result<BTreeMap<String, String>> {
    let manifest = fs::read(folder().join("manifest.json")).context("no site yet: cargo xtask wasm")?;
    Ok(serde_json::from_slice(&manifest)?)
}

/// Prints the bytes of each file of the site and of the words a page carries in each language.
pub fn report() -> Result<()> {
    let manifest = manifest()?;
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
    println!("\n{:<28}{:>10}{:>10}{:>10}", "words a page carries", "plain", "gzip", "brotli");
    for set in ["participant", "poll", "staff"] {
        let mut files = fs::read_dir(locales.join(set))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        files.sort();
        for file in files {
            let table = table(&serde_json::from_slice(&fs::read(&file)?)?)?;
            let name = file.strip_prefix(&locales)?.with_extension("").display().to_string();
            println!("{name:<28}{:>10}{:>10}{:>10}", table.len(), gzip(&table)?.len(), brotli(&table)?.len());
        }
    }
    Ok(())
}

/// What is embedded of a file of words: its texts without their keys, in a list.
fn table(words: &Value) -> Result<Vec<u8>> {
    fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
        match value {
            Value::String(text) => texts.push(text),
            Value::Object(members) => members.values().for_each(|value| collect(value, texts)),
            _ => {}
        }
    }
    let mut texts = Vec::new();
    collect(words, &mut texts);
    Ok(serde_json::to_vec(&texts)?)
}
