//! Every decoder on its seeds, on mutations of them, and on files that crashed other programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use stafett_protocol::limits::FRAME_BYTES_MAX;
use stafett_tests::chance::Chance;
use stafett_tests::decoders::{
    Decoder, found_in_what_was_sent, seeds, split, told_of_what_is_shared, with_length,
};

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

/// As what each decoder reads, as the body of a frame of each kind, and as the bytes of such a frame to
/// a session.
fn is_refused_everywhere(bytes: &[u8]) {
    for decoder in Decoder::ALL {
        decoder.run(bytes);
    }
    for kind in 0..=26u8 {
        let frame = [&[0, kind][..], bytes].concat();
        Decoder::Frame.run(&frame);
        for stream in [0, 5] {
            Decoder::Session.run(&[&[stream][..], &with_length(&frame)].concat());
        }
    }
}

/// A chunk of Automerge's form.
fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut length = Vec::new();
    let mut left = body.len();
    while left >= 0x80 {
        length.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    length.push(left as u8);
    [&[0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, kind][..], &length, body].concat()
}

/// A change of 97 kB that inflates to 100 MB of zeros: one block of deflate (RFC 1951) in which two bits
/// stand for 258 bytes each.
fn inflating() -> Vec<u8> {
    const BEGINS: [u8; 15] = [0xed, 0xc1, 0x31, 1, 0, 0, 0, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x08, 0x5f, 0xa0];
    chunk(2, &[&BEGINS[..], &[0; 97_000], &[0x3e, 0x03]].concat())
}

#[test]
fn chunk_that_inflates_filter_without_bits_and_endless_runs_cost_nothing() {
    const LEAST: [u8; 10] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f];
    const MANY: [u8; 10] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xc0, 0];
    // A message of Automerge's own synchronisation: one filter, of one entry in 0 bits.
    let filter = vec![0x42, 0, 0, 1, 0, 3, 1, 0, 7, 0];
    let run = |length: &[u8]| chunk(1, &[&[0, 1, 9, 1, 1, 0, 0, 0, 1, 0x42, 11][..], length, &[1]].concat());
    for bytes in [inflating(), filter, run(&LEAST), run(&MANY)] {
        is_refused_everywhere(&bytes);
        for length in [LEAST, MANY] {
            is_refused_everywhere(&[&bytes[..bytes.len() / 2], &length].concat());
        }
    }
    assert_eq!(inflating().len(), 97_029);
    assert!(peak_bytes() < 200 << 20, "{} bytes at the peak: something was inflated", peak_bytes());
}

/// How much memory this process has had at once at the most.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    kib << 10
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
        is_refused_everywhere(&bytes);
    }
    assert!(files >= 7, "{files} files");
}

/// That nothing hidden is found in what a session sends is worth what the search is worth.
#[test]
fn search_for_a_hidden_entry_finds_one_that_the_partner_has() {
    let sent = found_in_what_was_sent();
    assert_eq!(sent.len(), 3, "only {sent:?} in all that was sent");

    let lives = seeds(Decoder::Session).into_iter().map(|seed| told_of_what_is_shared(&seed));
    let told = lives.filter(|told| told.contains("its text")).count();
    assert!(told > 0, "no seed makes the session send an entry's text");
}

#[test]
fn frame_of_any_length_comes_to_a_session_whole() {
    for length in [0, 1, 65_535, 65_536, FRAME_BYTES_MAX] {
        let (piece, next) = (vec![7; length], with_length(b"next"));
        let input = [with_length(&piece), next.clone()].concat();
        assert_eq!(split(&input), Some((&piece[..], &next[..])), "{length} bytes");
    }
    assert_eq!(split(&[0, 0, 0, 9, 1, 2]), Some((&[1, 2][..], &[][..])), "what there is");
    let longest = seeds(Decoder::Session).iter().map(Vec::len).max();
    assert!(longest > Some(FRAME_BYTES_MAX), "the longest seed has {longest:?} bytes");
}

/// The script has the names too, and a decoder that is not among them is never fuzzed.
#[test]
fn every_decoder_is_fuzzed() {
    let script = include_str!("../fuzz/run");
    let names = script.lines().find_map(|line| line.strip_prefix("all=(")?.strip_suffix(')'));
    let names: Vec<_> = names.expect("a list of names").split(' ').collect();
    assert_eq!(names, Decoder::ALL.map(Decoder::name));
}

/// Ends before anything is built.
#[test]
fn fuzzing_what_there_is_not_ends_with_what_there_is() {
    for (arguments, why) in [
        (&["60", "frames"][..], "no decoder is called frames"),
        (&["60", "frame", ""], "no decoder is called"),
        (&["frame"], "expected a number of seconds, found frame"),
        (&["--quick", "0"], "expected a number of seconds, found 0"),
    ] {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/run");
        // What it would build with is not there.
        let mut shell = Command::new("/bin/bash");
        let ended = shell.arg(script).args(arguments).env("RUSTC_WRAPPER", "/nowhere").output();
        let ended = ended.expect("a shell");

        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why) && said.contains("decoders: frame change"), "{arguments:?}: {said}");
    }
}
