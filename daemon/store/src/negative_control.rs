//! Promises that a build for negative controls breaks on purpose, so that the crash tests can show that they notice.

/// Whether accept remembers identities. `false` with the feature `break-dedup`.
pub const REMEMBERS_IDENTITIES: bool = !cfg!(feature = "break-dedup");

/// Whether a durable commit waits for the disk. `false` with the feature `break-fsync`.
pub const WAITS_FOR_THE_DISK: bool = !cfg!(feature = "break-fsync");
