//! What must not compile. Each wall stands beside the same text with the one right thing in it, which does compile: so that it is the
//! wall that is held, and not a slip in the text.
//!
//! A change takes the proof of its own action:
//! ```
//! use domain::{Allowed, At, policy::TrashMedia};
//! fn change(tx: &mut store::Tx<'_, '_>, may: &Allowed<TrashMedia>) {
//!     drop(tx.trash_media(may, At(0)));
//! }
//! ```
//! ```compile_fail,E0308
//! use domain::{Allowed, At, policy::EditMedia};
//! fn change(tx: &mut store::Tx<'_, '_>, may: &Allowed<EditMedia>) {
//!     drop(tx.trash_media(may, At(0)));
//! }
//! ```
//! and not an id:
//! ```compile_fail,E0308
//! use domain::{At, MediaId};
//! fn change(tx: &mut store::Tx<'_, '_>, media: MediaId) {
//!     drop(tx.trash_media(&media, At(0)));
//! }
//! ```
//!
//! A proof is made by the rules and by nobody else:
//! ```
//! use domain::{Actor, Allowed, can, policy::{MediaFacts, TrashMedia}};
//! fn prove(actor: &Actor, facts: MediaFacts) -> Option<Allowed<TrashMedia>> {
//!     can::<TrashMedia>(actor, facts).ok()
//! }
//! ```
//! ```compile_fail,E0451
//! use domain::{Actor, Allowed, policy::{MediaFacts, TrashMedia}};
//! fn forge(actor: &Actor, facts: MediaFacts) -> Option<Allowed<TrashMedia>> {
//!     Some(Allowed { actor: *actor, facts, action: std::marker::PhantomData })
//! }
//! ```
//! and serves once for each thing that was asked:
//! ```compile_fail,E0599
//! use domain::{Allowed, policy::TrashMedia};
//! fn copy(may: Allowed<TrashMedia>) -> (Allowed<TrashMedia>, Allowed<TrashMedia>) {
//!     (may.clone(), may)
//! }
//! ```
//!
//! A list takes a scope:
//! ```
//! use domain::{Actor, View, scope_of};
//! fn list(tx: &mut store::Tx<'_, '_>, actor: &Actor) {
//!     let scope = scope_of(actor, View::Timeline);
//!     drop(scope.map(|scope| tx.months(&scope)));
//! }
//! ```
//! which nobody makes by hand:
//! ```compile_fail,E0451
//! use domain::{Scope, UserId, View};
//! fn list(tx: &mut store::Tx<'_, '_>, owner: UserId) {
//!     let scope = Scope { owner, view: View::Timeline };
//!     drop(tx.months(&scope));
//! }
//! ```
//! and which is not somebody's id:
//! ```compile_fail,E0308
//! fn list(tx: &mut store::Tx<'_, '_>, owner: domain::UserId) {
//!     drop(tx.months(&owner));
//! }
//! ```
//!
//! A change ends with its audit entry, or says that it needs none:
//! ```
//! use domain::{Allowed, At, Call, policy::TrashMedia};
//! use store::{Store, StoreError};
//! async fn change(store: Store, may: Allowed<TrashMedia>, call: Call) -> Result<(), StoreError> {
//!     store.write(move |tx| {
//!         tx.trash_media(&may, At(0))?;
//!         tx.audited(&may, &call, ())
//!     }).await
//! }
//! ```
//! ```compile_fail,E0308
//! use domain::{Allowed, At, Call, policy::TrashMedia};
//! use store::{Store, StoreError};
//! async fn change(store: Store, may: Allowed<TrashMedia>, call: Call) -> Result<(), StoreError> {
//!     store.write(move |tx| {
//!         tx.trash_media(&may, At(0))
//!     }).await
//! }
//! ```
//! ```compile_fail,E0423
//! let forged = store::Audited(());
//! ```
//!
//! Statements stand in this crate alone:
//! ```compile_fail,E0624
//! fn ask(tx: &mut store::Tx<'_, '_>) {
//!     drop(tx.execute("DELETE FROM media", &[]));
//! }
//! ```
//! and a transaction cannot wait for anything else:
//! ```compile_fail,E0728
//! async fn wait(store: store::Store) -> Result<(), store::StoreError> {
//!     store.write(|tx| {
//!         std::future::ready(()).await;
//!         Ok(tx.unaudited(()))
//!     }).await
//! }
//! ```
