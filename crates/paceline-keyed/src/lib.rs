//! One rate limiter per key, in memory that never grows.
//!
//! [`Keyed`] holds a word of state for each key that it has admitted lately: 24 bytes for a `u64`
//! key, all of them allocated when it is made. `SharedKeyed` is the same for several threads, and needs
//! the feature `std`.
//!
//! # Memory
//!
//! The caller says how many keys to hold at most. A key is forgotten only when its limiter is *fresh*,
//! with the whole burst unspent, so that forgetting it changes no answer. Each newcomer looks at a few
//! slots and forgets what is fresh there; nobody has to sweep, and no call takes long. If there is no
//! room, the newcomer is refused ([`Refused::Full`]), and whoever is held keeps their limit.
//!
//! # Lagging clocks
//!
//! What is fresh by one clock is not yet by another that lags behind. The store remembers the latest
//! theoretical arrival time among the keys that it forgot, and lets that stand for every key that it
//! does not hold. To a caller whose `now` does not run back it makes no difference; to one that lags,
//! it makes the store stricter, and never more generous than if it had forgotten nothing.
//!
//! # Attacks
//!
//! With any number of new keys, an attacker can neither make the store grow nor reset anybody's limit.
//! They can fill it: each slot takes one admitted cell, and is free again when that cell has
//! replenished. Until then *new* keys are refused. So let a key be something that is costly to
//! have many of, and make the capacity larger than the keys that are active at once.
//!
//! Keys that collide make calls slow. The default hasher is seeded at random for every store, and the
//! seed comes from addresses, and from the time with the feature `std`; it resists keys that were
//! prepared in advance, but is not cryptographic. Against attackers who can time single calls, pass a
//! keyed one such as the standard library's `RandomState` to [`Keyed::with_hasher`].

#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod keyed;
mod refused;
#[cfg(feature = "std")]
mod shared;
mod table;

pub use keyed::Keyed;
pub use refused::Refused;
#[cfg(feature = "std")]
pub use shared::SharedKeyed;

/// Runs the examples of the README.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
