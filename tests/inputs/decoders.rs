//! Every decoder on its seeds, on mutations of them, and on files that crashed other programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use stafett_tests::chance::Chance;
use stafett_tests::decoders::{Decoder, seeds};

const MUTATIONS: u64 = 300;

#[test]
fn every_decoder_takes_its_seeds_and_every_beginning_of_them() {
    for decoder in Decoder::ALL {
        let seeds = seeds(decoder);
        assert!(!seeds.is_empty(), "{decoder:?} begins with nothing");
        for seed in seeds {
            decoder.run(&seed);
            for end in (0..seed.len()).step_by(seed.len() / 40 + 1) {
                decoder.run(&seed[..end]);
            }
        }
    }
}

/// Changes a seed by a byte, a bit, a cut, a repetition or a piece of another seed.
pub(super) fn mutated(seeds: &[Vec<u8>], chance: &Chance, number: u64) -> Vec<u8> {
    let draw =
        |what: &str, below: usize| chance.below(below.max(1) as u64, format!("{number} {what}")) as usize;
    let mut bytes = seeds[draw("seed", seeds.len())].clone();
    for change in 0..=draw("changes", 4) {
        let at = draw(&format!("{change} at"), bytes.len());
        let byte = draw(&format!("{change} byte"), 256) as u8;
        match draw(&format!("{change} what"), 6) {
            _ if bytes.is_empty() => bytes.push(byte),
            0 => bytes[at] = byte,
            1 => bytes[at] ^= 1 << (byte % 8),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, byte),
            4 => {
                let piece = bytes[at..].to_vec();
                bytes.extend(piece);
            }
            _ => {
                let other = &seeds[draw(&format!("{change} other"), seeds.len())];
                bytes.truncate(at);
                bytes.extend_from_slice(&other[at.min(other.len())..]);
            }
        }
    }
    bytes
}

#[test]
fn no_mutation_of_a_seed_is_more_than_refused() {
    for decoder in Decoder::ALL {
        let seeds = seeds(decoder);
        let chance = Chance::new(decoder as u64);
        for number in 0..MUTATIONS {
            decoder.run(&mutated(&seeds, &chance, number));
        }
    }
}

/// Where cargo keeps the sources of a dependency.
fn sources_of(package: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // What is built for this machine has been fetched; what other systems need may not have been.
    let compiler = Command::new("rustc").arg("-vV").output().expect("rustc");
    let told = String::from_utf8(compiler.stdout).expect("text");
    let host = told.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(root)
        .output()
        .expect("cargo");
    let metadata: serde_json::Value = serde_json::from_slice(&asked.stdout).expect("JSON of cargo");
    let packages = metadata["packages"].as_array().expect("packages");
    let found = packages.iter().find(|one| one["name"] == package).expect("a dependency");
    Path::new(found["manifest_path"].as_str().expect("a path")).parent().expect("a folder").to_owned()
}

/// They come with the sources of Automerge, whose decoder never sees a partner's bytes here: ours
/// must not be worse.
#[test]
fn files_that_crashed_automerge_once_are_refused_by_every_decoder() {
    let folder = sources_of("automerge").join("tests").join("fuzz-crashers");
    let mut files = 0;
    for file in std::fs::read_dir(folder).expect("a folder of files") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("reads");
        files += 1;
        for decoder in Decoder::ALL {
            decoder.run(&bytes);
            // As the body of a frame of each kind, and as the bytes of such a frame to a session.
            for kind in 0..=26u8 {
                let frame = [&[0, kind][..], &bytes].concat();
                Decoder::Frame.run(&frame);
                let length = u16::try_from(frame.len()).unwrap_or(u16::MAX).to_be_bytes();
                if decoder == Decoder::Session {
                    decoder.run(&[&[0][..], &length, &frame].concat());
                    decoder.run(&[&[5][..], &length, &frame].concat());
                }
            }
        }
    }
    assert!(files >= 7, "{files} files");
}
