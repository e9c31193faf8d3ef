//! Where faults are planted for the simulator to find. In the product every place reads `false`:
//! nothing sets `cfg(planted)` but a package of the tests that builds these sources a second time.

#[cfg(not(planted))]
macro_rules! planted {
    ($fault:literal) => {
        false
    };
}

#[cfg(planted)]
macro_rules! planted {
    ($fault:literal) => {
        crate::planted::is($fault)
    };
}

pub(crate) use planted;

// Whoever sets the flag for a build of the product gets no product.
#[cfg(planted)]
const _: () = assert!(
    matches!(env!("CARGO_PKG_NAME").as_bytes(), b"stafett-planted"),
    "faults are planted in the package of the tests alone"
);

#[cfg(planted)]
mod chosen {
    use std::cell::Cell;

    std::thread_local! {
        static CHOSEN: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Plants one fault in what this thread runs, or none.
    pub fn choose(fault: Option<&'static str>) {
        CHOSEN.set(fault);
    }

    /// Whether a fault is planted.
    pub fn is(fault: &str) -> bool {
        CHOSEN.get() == Some(fault)
    }
}

#[cfg(planted)]
pub use chosen::{choose, is};
