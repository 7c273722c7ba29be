//! The access matrix: every action x actor x situation, as text that is reviewed as a diff.

use super::{
    Action, Denied, InstallationFacts, LibraryFacts, MediaFacts, SessionFacts, UploadFacts, UserFacts,
    actions::{Visit, each},
    can,
};
use crate::{
    actor::{Actor, Errand, Person},
    id::{MediaId, SessionId, UploadId, UserId},
    media::Shelf,
    user::{Role, UserStatus},
};
use std::fmt::Write;
use uuid::Uuid;

const OWNER: UserId = UserId(Uuid::from_u128(1));
const OTHER: UserId = UserId(Uuid::from_u128(2));
const UPLOAD: UploadId = UploadId(Uuid::from_u128(3));

/// The situations in which a kind of resource is asked about. The resource belongs to [`OWNER`].
pub trait Situations: Sized {
    /// Each with its name.
    fn situations() -> Vec<(&'static str, Self)>;
}
impl Situations for MediaFacts {
    fn situations() -> Vec<(&'static str, Self)> {
        [
            ("on the timeline", Shelf::Timeline),
            ("archived", Shelf::Archive),
            ("trashed", Shelf::Trash),
        ]
        .map(|(name, shelf)| {
            (
                name,
                MediaFacts {
                    id: MediaId(Uuid::from_u128(9)),
                    owner: OWNER,
                    revision: 1,
                    shelf,
                },
            )
        })
        .into()
    }
}
impl Situations for LibraryFacts {
    fn situations() -> Vec<(&'static str, Self)> {
        vec![
            (
                "at rest",
                LibraryFacts {
                    owner: OWNER,
                    receiving: None,
                },
            ),
            (
                "receiving its upload",
                LibraryFacts {
                    owner: OWNER,
                    receiving: Some(UPLOAD),
                },
            ),
        ]
    }
}
impl Situations for UploadFacts {
    fn situations() -> Vec<(&'static str, Self)> {
        vec![(
            "under way",
            UploadFacts {
                id: UPLOAD,
                owner: OWNER,
            },
        )]
    }
}
impl Situations for UserFacts {
    fn situations() -> Vec<(&'static str, Self)> {
        [("active", UserStatus::Active), ("disabled", UserStatus::Disabled)]
            .map(|(name, status)| {
                (
                    name,
                    UserFacts {
                        id: OWNER,
                        role: Role::User,
                        status,
                    },
                )
            })
            .into()
    }
}
impl Situations for SessionFacts {
    fn situations() -> Vec<(&'static str, Self)> {
        vec![(
            "open",
            SessionFacts {
                id: SessionId(Uuid::from_u128(8)),
                user: OWNER,
            },
        )]
    }
}
impl Situations for InstallationFacts {
    fn situations() -> Vec<(&'static str, Self)> {
        vec![
            ("new", InstallationFacts { has_users: false }),
            ("in use", InstallationFacts { has_users: true }),
        ]
    }
}

fn actors() -> Vec<(&'static str, Actor)> {
    let person = |id, role| {
        Actor::Person(Person {
            id,
            role,
            session: None,
        })
    };
    vec![
        ("anonymous", Actor::Anonymous),
        ("owner", person(OWNER, Role::User)),
        ("other user", person(OTHER, Role::User)),
        ("other partner", person(OTHER, Role::Partner)),
        ("administrator", person(OTHER, Role::Admin)),
        ("its upload link", Actor::UploadLink(UPLOAD)),
        ("other upload link", Actor::UploadLink(UploadId(Uuid::from_u128(4)))),
        ("processing", Actor::System(Errand::Processing)),
        ("housekeeping", Actor::System(Errand::Housekeeping)),
        ("verification", Actor::System(Errand::Verification)),
        ("operator", Actor::System(Errand::Operator)),
    ]
}

/// The whole matrix, one line for each action and situation; each actor is answered yes, no (403) or hidden (404).
pub fn matrix() -> String {
    struct Print(String);
    impl Visit for Print {
        fn action<A: Action>(&mut self)
        where
            A::On: Situations,
        {
            for (situation, facts) in A::On::situations() {
                let answers: Vec<String> = actors()
                    .into_iter()
                    .map(|(name, actor)| {
                        let answer = match can::<A>(&actor, facts.clone()) {
                            Ok(_) => "yes",
                            Err(Denied::Forbidden) => "no",
                            Err(Denied::Hidden) => "-",
                        };
                        format!("{name}: {answer}")
                    })
                    .collect();
                // Writing to a String does not fail.
                if writeln!(self.0, "{} | {situation} | {}", A::NAME, answers.join(", ")).is_err() {
                    return;
                }
            }
        }
    }
    let mut print =
        Print("action | situation | yes, no (told: forbidden) or - (hidden, answered like a missing id)\n".into());
    each(&mut print);
    print.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE=1 cargo test -p domain` writes the file anew; the diff is what is reviewed.
    #[test]
    fn the_printed_matrix_is_the_reviewed_one() {
        let path = "../../docs/access-matrix.txt";
        if option_env!("UPDATE").is_some() {
            std::fs::write(path, matrix()).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            matrix(),
            "run UPDATE=1 cargo test -p domain and review the diff"
        );
    }

    #[test]
    fn an_administrator_sees_nobodys_media_by_that_alone() {
        for line in matrix()
            .lines()
            .filter(|l| l.starts_with("media.") || l.starts_with("library."))
        {
            assert!(line.contains("administrator: -"), "{line}");
        }
    }
}
