//! Examples of how a node and its links are run.

use serde_json::{Value, json};

use super::{AUGUST_17, OCTOBER_1, PARTNER};

const KEY: &str = "9a3c5e7f1b2d4068a1c3e5f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b";

pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![
        (
            "LinkItem",
            json!({
                "partner": PARTNER,
                "name": "Prøve kommune",
                "connected": true,
                "connected_since": AUGUST_17,
                "last_received": OCTOBER_1,
                "waiting": 0,
                "receipts_missing": 1,
                "receipts_missing_since": AUGUST_17,
                "receipts_late": true,
                "sharing_stopped": false,
                "agreement_until": 1_893_456_000_000_u64,
                "revoked": false,
                "in_doubt": false,
                "keys": {
                    "tls_current": KEY,
                    "tls_next": null,
                    "signing_current": KEY,
                    "signing_next": null,
                    "shown": { "key": "current", "certificate_until": 1_893_456_000_000_u64 },
                },
                "protocol_version": 1,
            }),
        ),
        (
            "Operations",
            json!({
                "keys": {
                    "tls": KEY,
                    "signing": KEY,
                    "certificate_from": AUGUST_17,
                    "certificate_until": 1_893_456_000_000_u64,
                },
                "store": {
                    "bytes": 81_920_000,
                    "write_ahead_bytes": 4_153_632,
                    "free_bytes": 4_200_000_000_u64,
                    "is_nearly_full": false,
                    "schema": 9,
                },
                "access_log": {
                    "rows": 12_041,
                    "walked_at": OCTOBER_1,
                    "rows_walked": 12_000,
                    "is_walking": false,
                    "fault": null,
                },
                "unreadable_entries": 0,
                "unreadable_families": 0,
                "version": "0.1.0",
                "protocol_version": 1,
            }),
        ),
    ]
}
