//! Permission as a value: [`can`] alone makes an [`Allowed`], and what changes or reads a person's data takes nothing else.

mod actions;
mod facts;
pub mod matrix;
pub mod scope;

pub use actions::*;
pub use facts::*;

use crate::actor::Actor;
use std::marker::PhantomData;
use uuid::Uuid;

/// Something that can be acted upon, as far as a rule needs to know it.
pub trait Facts: Clone {
    /// The word for the audit log, such as `media`.
    const RESOURCE: &'static str;
    /// The id for the audit log.
    fn id(&self) -> Uuid;
    /// Whether this actor may know that it exists.
    fn visible(&self, to: &Actor) -> bool;
}

/// Something that can be done. The rule stands beside the name; it is one row of the access matrix.
pub trait Action {
    /// The word for the audit log, such as `media.trash`.
    const NAME: &'static str;
    /// What it is done to.
    type On: Facts;
    /// Whether this actor may do it to that.
    fn rule(actor: &Actor, on: &Self::On) -> bool;
}

/// Proof that an actor may do one thing to one resource. No Clone, no public field: [`can`] is its only maker.
#[derive(Debug)]
pub struct Allowed<A: Action> {
    actor: Actor,
    facts: A::On,
    action: PhantomData<A>,
}

impl<A: Action> Allowed<A> {
    /// What it is about.
    pub fn facts(&self) -> &A::On {
        &self.facts
    }
    /// Who may.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The actor may not even know that it exists: answered like a missing id.
    #[error("there is no such thing")]
    Hidden,
    /// The actor sees it but may not do this.
    #[error("this is not allowed")]
    Forbidden,
}

/// Decides. Every access to a person's data goes through here.
pub fn can<A: Action>(actor: &Actor, facts: A::On) -> Result<Allowed<A>, Denied> {
    if A::rule(actor, &facts) {
        return Ok(Allowed {
            actor: *actor,
            facts,
            action: PhantomData,
        });
    }
    Err(if facts.visible(actor) {
        Denied::Forbidden
    } else {
        Denied::Hidden
    })
}

/// An action that needs a stored object's plain bytes. `blob` opens for these and for nothing else.
pub trait Opens: Action + sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}
macro_rules! opens {
    ($($action:ident),*) => {$(
        impl sealed::Sealed for $action {}
        impl Opens for $action {}
    )*};
}
opens!(ViewMedia, DownloadMedia, ProcessVersion, ContinueUpload, VerifyStorage);
