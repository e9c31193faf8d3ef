//! The package of a case that moves.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::entry::{Actor, EntryDocument};
use stafett_protocol::id::SuccessionId;
use stafett_protocol::ledger::statement::Level;
use stafett_protocol::limits::{PACKAGE_ENTRIES_MAX, PACKAGE_RELATIONS_MAX};
use stafett_protocol::succession::opening::{Here, Opened, open};
use stafett_protocol::succession::sealed::{PackageKey, PackagePlace, Sealed};

use crate::names::organisation;

const GOLDEN: &str = include_str!("../../fixtures/package-v1/package.txt");

/// Returns one of the golden vectors.
pub(super) fn golden(name: &str) -> Vec<u8> {
    let lines = GOLDEN.lines().filter(|line| !line.starts_with('#'));
    let named: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once(' ')).collect();
    let digits = named[name].as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16);
    digits.map(|pair| byte(pair).expect("hexadecimal digits")).collect()
}

fn fixed<const N: usize>(name: &str) -> [u8; N] {
    golden(name).try_into().expect("that many bytes")
}

/// Bytes are tried as a document, and as a sealed package: nothing opens but what was sealed.
pub(super) fn package(bytes: &[u8]) {
    document(bytes);
    let place = PackagePlace {
        succession: SuccessionId::from_bytes(fixed("succession")),
        revision: 2,
        from: organisation("310000000"),
        to: organisation("310000019"),
    };
    let Ok(sealed) = Sealed::new(bytes.to_vec()) else { return };
    let parts = Sealed::from_parts(sealed.parts(), bytes.len() as u32, sealed.hash());
    assert_eq!(parts.as_ref(), Ok(&sealed), "parts make the package again");
    if let Ok(opened) = sealed.open(&PackageKey::new(fixed("key")), &place) {
        assert_eq!(bytes, golden("sealed"), "a package that nobody sealed is opened");
        document(&opened);
    }
}

/// What is opened has its bounds, and each entry makes a document.
fn document(bytes: &[u8]) {
    let areas = BTreeSet::from(["language".parse().expect("a code")]);
    let level = |level: u8| Level::try_from(level).expect("a level");
    let here = Here {
        from: organisation("310000000"),
        own: organisation("310000019"),
        areas: &areas,
        entry_level: level(1),
        top_level: level(2),
    };
    let mut drawn = 0u128;
    let opened = open(bytes, &here, || {
        drawn += 1;
        drawn.to_be_bytes()
    });
    if let Ok(opened) = opened {
        must_hold(&opened, &areas);
    }
}

fn must_hold(opened: &Opened, areas: &BTreeSet<stafett_protocol::municipality::AreaCode>) {
    assert!(opened.entries.len() + opened.unreadable as usize <= PACKAGE_ENTRIES_MAX);
    assert!(opened.relations.len() <= PACKAGE_RELATIONS_MAX);
    assert!((1..=2).contains(&u8::from(opened.level)));
    assert_eq!(opened.guardians.len() + 1, opened.parties.len());
    for entry in &opened.entries {
        let changes = [entry.genesis.clone()];
        EntryDocument::open(entry.kind, Actor([0x73; 16]), &changes).expect("a genesis opens");
        assert!(!entry.about.is_empty() && !entry.areas.is_empty());
        let known = |area| areas.contains(area) || opened.areas_elsewhere.contains_key(area);
        assert!(entry.areas.iter().all(known), "an area is neither here nor named");
    }
    let ids: BTreeSet<_> = opened.entries.iter().map(|entry| entry.entry).collect();
    assert_eq!(ids.len(), opened.entries.len());
    assert!(opened.relations.iter().all(|one| ids.contains(&one.from) && ids.contains(&one.to)));
}
