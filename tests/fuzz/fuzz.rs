//! One program for every decoder: `STAFETT_DECODER` says which. With `STAFETT_SEEDS` it writes what
//! the decoder begins with into that folder, and ends.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use stafett_tests::decoders::{Decoder, seeds};

static DECODER: OnceLock<Decoder> = OnceLock::new();

fn decoder() -> Decoder {
    *DECODER.get_or_init(|| {
        let name = std::env::var("STAFETT_DECODER").expect("STAFETT_DECODER names a decoder");
        let found = Decoder::ALL.into_iter().find(|decoder| decoder.name() == name);
        found.unwrap_or_else(|| panic!("no decoder is called {name}"))
    })
}

fn write_seeds() {
    let Some(folder) = std::env::var_os("STAFETT_SEEDS").map(PathBuf::from) else { return };
    for (number, seed) in seeds(decoder()).iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number:03}")), seed).expect("a folder for seeds");
    }
    std::process::exit(0);
}

fuzz_target!(
    init: write_seeds(),
    |bytes: &[u8]| decoder().run(bytes)
);
