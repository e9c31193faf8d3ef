//! What the store keeps past SQLite.
