//! Who is asking, and when.

use crate::{
    id::{SessionId, UploadId, UserId},
    time::At,
    user::Role,
};

/// Whoever asks for something. Everything that a rule looks at is in here or in the facts; nothing is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Nobody known.
    Anonymous,
    /// A signed-in person.
    Person(Person),
    /// Whoever holds the signed address of one upload: may send its bytes, and nothing else.
    UploadLink(UploadId),
    /// The house itself, on a stated errand.
    System(Errand),
}

/// A signed-in person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// In which role, as the database had it when the request came in.
    pub role: Role,
    /// By which session; `None` for the command line on the server itself.
    pub session: Option<SessionId>,
}

/// What the house does without being asked by a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// Reading a file to make its renditions.
    Processing,
    /// Removing what is over its time.
    Housekeeping,
    /// Checking that every stored object opens and is what its row says.
    Verification,
    /// The operator at the server's own command line.
    Operator,
}

impl Actor {
    /// The person, if it is one.
    pub fn person(&self) -> Option<Person> {
        match self {
            Actor::Person(person) => Some(*person),
            _ => None,
        }
    }
    /// Whether this is that person.
    pub fn is(&self, user: UserId) -> bool {
        self.person().is_some_and(|p| p.id == user)
    }
    /// How the audit log names it.
    pub fn label(&self) -> &'static str {
        match self {
            Actor::Anonymous => "anonymous",
            Actor::Person(_) => "person",
            Actor::UploadLink(_) => "upload_link",
            Actor::System(Errand::Processing) => "system.processing",
            Actor::System(Errand::Housekeeping) => "system.housekeeping",
            Actor::System(Errand::Verification) => "system.verification",
            Actor::System(Errand::Operator) => "system.operator",
        }
    }
}

/// One call of a use case: who, when, from where. The clock is read once, where the call enters the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who asks.
    pub actor: Actor,
    /// When.
    pub now: At,
    /// The address that the request came from, for the audit log.
    pub ip: Option<std::net::IpAddr>,
}
