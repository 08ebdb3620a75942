//! What browsers load: WebAssembly, scripts, styles, fonts and icons, under names that change with their content.
//!
//! `target/site` holds each file as `<stem>-<hash>.<extension>`, beside it `.br` and `.gz`, and `manifest.json`, which
//! maps the names the program knows (`forum.wasm`, `loader.js`, `style.css`) to those.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::command::{cargo, command, output, root, run, succeeds, target};

/// The WebAssembly target, and where rustup and cargo file it.
pub const TRIPLE: &str = "wasm32-unknown-unknown";

/// A program that browsers load, one for each kind of page that lives: `frontend/wasm/{name}`.
pub struct Program {
    /// As the pages name it.
    pub name: &'static str,
    /// The most bytes its WebAssembly may have, compressed with brotli.
    pub limit: u64,
}

/// All of them.
pub const PROGRAMS: [Program; 3] = [
    Program { name: "forum", limit: 220_000 },
    Program { name: "poll", limit: 170_000 },
    Program { name: "desk", limit: 280_000 },
];

/// Pinned, so that the same source gives the same bytes.
const BINARYEN: &str = "binaryen@132.0.0";

/// The folder the server embeds, wherever cargo builds.
pub fn folder() -> PathBuf {
    root().join("target/site")
}

/// Builds the site.
pub fn build() -> Result<()> {
    ensure_target()?;
    let optimiser = optimiser();
    let mut site = Site::new()?;
    // One compilation of ui for all of them.
    run(&mut cargo_wasm("build"))?;
    std::thread::scope(|scope| {
        let bound = PROGRAMS.map(|program| {
            let optimiser = optimiser.as_deref();
            (program.name, scope.spawn(move || bind(program.name, optimiser)))
        });
        for (name, files) in bound {
            let (script, wasm) = files.join().expect("binding does not panic")?;
            site.add(&format!("{name}.js"), &script)?;
            site.add(&format!("{name}.wasm"), &wasm)?;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    site.add("loader.js", &fs::read(root().join("frontend/wasm/loader.js"))?)?;
    for name in ["screen.js", "screen.css"] {
        site.add(name, &fs::read(root().join("frontend/screen").join(name))?)?;
    }
    site.add_styles(&root().join("frontend/style"))?;
    site.finish()
}

/// `cargo <task>` for the browser's programs, in a target folder apart: it neither waits for a native build's lock nor
/// shares features with one.
pub fn cargo_wasm(task: &str) -> Command {
    let mut cargo = cargo();
    cargo.args([task, "--locked", "--profile", "wasm", "--target", TRIPLE]);
    for program in PROGRAMS {
        cargo.arg("--package").arg(format!("stimmwerk-wasm-{}", program.name));
    }
    cargo.env("CARGO_TARGET_DIR", wasm_folder());
    // Panic messages name source files. Nobody needs to know in which folders of the building machine they lay.
    let sources = home().join("registry/src");
    let remap = |from: &Path, to| format!("--remap-path-prefix={}={to}", from.display());
    // These replace the flags of .cargo/config.toml, so the one of those that counts here is named again.
    let flags = ["--cfg".to_owned(), "erase_components".to_owned(), remap(&sources, "crates"), remap(&root(), ".")];
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    cargo
}

fn wasm_folder() -> PathBuf {
    target().join("wasm-build")
}

/// Cargo's own folder.
fn home() -> PathBuf {
    let default = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(default, PathBuf::from)
}

fn ensure_target() -> Result<()> {
    let sysroot = output(command("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib").join(TRIPLE).exists() {
        return Ok(());
    }
    run(command("rustup").args(["target", "add", TRIPLE]))
}

/// Makes the script and the WebAssembly of a program that was compiled.
fn bind(name: &str, optimiser: Option<&Path>) -> Result<(Vec<u8>, Vec<u8>)> {
    let compiled = fs::read(wasm_folder().join(TRIPLE).join(format!("wasm/stimmwerk_wasm_{name}.wasm")))?;
    let variant = if optimiser.is_some() { "opt" } else { "raw" };
    let folder = wasm_folder().join("bound").join(name);
    let bound = folder.join(format!("{variant}-{}", hash(&compiled)));
    let script = bound.join(format!("{name}.js"));
    let wasm = bound.join(format!("{name}.wasm"));
    if !wasm.exists() {
        eprintln!("  binding {name}");
        _ = fs::remove_dir_all(&folder);
        Bindgen::new()
            .input_bytes(name, compiled)
            .web(true)?
            .typescript(false)
            .omit_default_module_path(true)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(&bound)?;
        let raw = bound.join(format!("{name}_bg.wasm"));
        if let Some(optimiser) = optimiser {
            // It keeps to the features the file says it needs; rustc's own are in Safari 15.4 and Chrome 100.
            run(command(optimiser).args(["-Oz", "--strip-target-features"]).arg(&raw).arg("-o").arg(&raw))?;
        }
        fs::rename(raw, &wasm)?;
    }
    Ok((fs::read(script)?, fs::read(wasm)?))
}

/// `wasm-opt` from npm, which takes a few percent off. The build works without it.
fn optimiser() -> Option<PathBuf> {
    let tools = target().join("tools");
    let installed = tools.join("node_modules/.bin/wasm-opt");
    if !installed.exists() {
        let mut install = command("npm");
        install.args(["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error", "--prefix"]);
        if !succeeds(install.arg(&tools).arg(BINARYEN)) {
            eprintln!("  no wasm-opt (npm gave no {BINARYEN}): the WebAssembly stays a few percent larger");
            return None;
        }
    }
    Some(installed)
}

/// The folder as it grows.
struct Site {
    folder: PathBuf,
    manifest: BTreeMap<String, String>,
}

impl Site {
    fn new() -> Result<Self> {
        let folder = folder();
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, manifest: BTreeMap::new() })
    }

    /// Writes a file under its hashed name, compressed as well.
    fn add(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let (stem, extension) = name.rsplit_once('.').with_context(|| format!("{name} has no extension"))?;
        let hashed = format!("{stem}-{}.{extension}", hash(content));
        let path = self.folder.join(&hashed);
        if !path.exists() {
            eprintln!("  {hashed}");
            fs::write(with_suffix(&path, "gz"), gzip(content)?)?;
            fs::write(with_suffix(&path, "br"), brotli(content)?)?;
            // Last, so that what exists is complete.
            fs::write(path, content)?;
        }
        self.manifest.insert(name.to_owned(), hashed);
        Ok(())
    }

    /// One style sheet from all of them in the order of their names, after the files they refer to.
    fn add_styles(&mut self, source: &Path) -> Result<()> {
        let mut files: Vec<PathBuf> = fs::read_dir(source)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.sort();
        let (sheets, assets): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|path| path.extension().is_some_and(|e| e == "css"));
        let mut style = String::new();
        for sheet in sheets {
            style.push_str(&fs::read_to_string(sheet)?);
        }
        for asset in assets {
            let name = asset.file_name().and_then(|name| name.to_str()).context("an asset's name is not text")?;
            self.add(name, &fs::read(&asset)?)?;
            style = style.replace(&format!("url(\"{name}\")"), &format!("url(\"{}\")", self.manifest[name]));
        }
        self.add("style.css", style.as_bytes())
    }

    /// Writes the manifest and removes what earlier builds left.
    fn finish(self) -> Result<()> {
        let mut kept = BTreeSet::from(["manifest.json".to_owned()]);
        for name in self.manifest.values() {
            kept.extend([name.clone(), format!("{name}.br"), format!("{name}.gz")]);
        }
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if !kept.contains(entry.file_name().to_string_lossy().as_ref()) {
                fs::remove_file(entry.path())?;
            }
        }
        // Only when it differs: its time tells cargo whether the server has to embed the folder anew.
        let manifest = serde_json::to_vec_pretty(&self.manifest)?;
        let path = self.folder.join("manifest.json");
        if fs::read(&path).ok().as_ref() != Some(&manifest) {
            fs::write(path, manifest)?;
        }
        Ok(())
    }
}

/// Enough of the hash to tell builds apart, short enough to read.
fn hash(content: &[u8]) -> String {
    let start = Sha256::digest(content)[..8].try_into().expect("a digest has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(start))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(".");
    path.push(suffix);
    path.into()
}

pub fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

pub fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoded = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut encoded, &params)?;
    Ok(encoded)
}
