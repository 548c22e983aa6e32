//! Messages owed and how they are paid.
//!
//! Jobs write rows into `tend.outbox` in the transaction that claims the occasion; they never send. The dispatcher pays
//! them. A row holds no address and no text: both are looked up and rendered at the moment of sending. Messages to people
//! of the house go the same way: [`letter`].
//!
//! # States
//! ```text
//!                     ┌──────────── refused for the moment, given back ────────────┐
//!                     ▼                                                            │
//!   (job) ──────► planned ──────► claimed ──────► handed_off ──┬──► accepted ──► delivered | bounced | complained
//!                  │   ▲             │             (tend.attempt)├──► rejected
//!                  │   │             ├──► suppressed             ├──► dead        (attempts used up, on_unknown = drop)
//!                  │ (person)        ├──► cancelled              └──► in_doubt    (on_unknown = hold; resend → planned)
//!                  ▼   │             ├──► rejected  (no address, a bad one)
//!             expired  held          └──► dead      (template fails)
//! ```
//! * **planned** owed, from `not_before` on.
//! * **claimed** a dispatcher has it; its lease is in `tend.dispatcher`.
//! * **handed_off** in the network: a row in `tend.attempt` without an outcome.
//! * **accepted** the provider took it; **delivered**, **bounced**, **complained** is what comes back about it
//!   ([`returned`]), also of a message in doubt.
//! * **rejected** the provider refused it for good (5xx), or there is no usable address.
//! * **in_doubt** handed off, and nobody knows whether the provider took it. Never sent again by itself.
//! * **held** waits for a person (`clone: …`: the database was copied, moved or promoted, see [`home`]), or, with the
//!   reason `coupon`, for a code of its pool, or with `limit` because too many of its job came back. **expired** past `not_after`. **suppressed**, **cancelled**: the address is suppressed,
//!   consent was withdrawn or the customer is gone, asked again at the moment of sending.
//! * **dead** given up: attempts used up, template fails, fate unknown and to be dropped.
//!
//! `state_reason` says why in every state but planned and accepted.
pub mod channel;
pub mod coupon;
pub mod desk;
pub mod dispatch;
pub mod hex;
pub mod hold;
pub mod home;
pub mod letter;
pub mod link;
pub mod policy;
pub mod returned;
pub mod sample;
pub mod survey;
pub mod template;
