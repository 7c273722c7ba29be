//! Finds the built web app to embed, or makes a page in its place that says how to build it.

use std::{error::Error, fs, path::Path};

const INSTEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Media Vault</title></head><body>\
<h1>Media Vault</h1><p>The server runs, but it was built without the web app. Run <code>make build</code>.</p></body></html>\n";

#[expect(
    clippy::disallowed_methods,
    reason = "a build script is told its folders by the environment"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let here = std::env::var("CARGO_MANIFEST_DIR")?;
    let built = Path::new(&here).join("../../web/build");
    println!("cargo:rerun-if-changed={}", built.display());
    let folder = if built.join("index.html").is_file() {
        built
    } else {
        let instead = Path::new(&std::env::var("OUT_DIR")?).join("web");
        fs::create_dir_all(&instead)?;
        fs::write(instead.join("index.html"), INSTEAD)?;
        instead
    };
    println!("cargo:rustc-env=MEDIA_VAULT_WEB_BUILD={}", folder.display());
    Ok(())
}
