//! Every action with its rule. One line here is one row of `docs/access-matrix.txt`.

use super::{Action, InstallationFacts, LibraryFacts, MediaFacts, SessionFacts, UploadFacts, UserFacts};
use crate::{
    actor::{Actor, Errand},
    media::Shelf,
    user::{Role, UserStatus},
};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal on $facts:ident: |$actor:pat_param, $on:pat_param| $rule:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl Action for $name {
            const NAME: &'static str = $word;
            type On = $facts;
            fn rule($actor: &Actor, $on: &$facts) -> bool {
                $rule
            }
        }
    )*
        /// Calls `visit` for each action, so that the matrix cannot forget one.
        pub(super) fn each(visit: &mut impl Visit) {
            $(visit.action::<$name>();)*
        }
    };
}

/// What is done with each action by [`each`].
pub(super) trait Visit {
    fn action<A: Action>(&mut self)
    where
        A::On: super::matrix::Situations;
}

fn admin(actor: &Actor) -> bool {
    actor.person().is_some_and(|p| p.role == Role::Admin)
}

actions! {
    /// Sees an item's facts and renditions.
    ViewMedia = "media.view" on MediaFacts: |a, m| a.is(m.owner);
    /// Gets an item's original bytes.
    DownloadMedia = "media.download" on MediaFacts: |a, m| a.is(m.owner);
    /// Changes title, description, date, place.
    EditMedia = "media.edit" on MediaFacts: |a, m| a.is(m.owner) && m.shelf != Shelf::Trash;
    /// Marks or unmarks it for oneself.
    FavoriteMedia = "media.favorite" on MediaFacts: |a, m| a.is(m.owner) && m.shelf != Shelf::Trash;
    /// Moves it between timeline and archive.
    ArchiveMedia = "media.archive" on MediaFacts: |a, m| a.is(m.owner) && m.shelf != Shelf::Trash;
    /// Moves it to the trash.
    TrashMedia = "media.trash" on MediaFacts: |a, m| a.is(m.owner);
    /// Takes it out of the trash.
    RestoreMedia = "media.restore" on MediaFacts: |a, m| a.is(m.owner);
    /// Removes it for good. Only from the trash, by its owner or when its time is over.
    PurgeMedia = "media.purge" on MediaFacts: |a, m| {
        m.shelf == Shelf::Trash && (a.is(m.owner) || *a == Actor::System(Errand::Housekeeping))
    };
    /// Tries again to read a file that failed.
    RetryMedia = "media.retry" on MediaFacts: |a, m| {
        (a.is(m.owner) && m.shelf != Shelf::Trash) || *a == Actor::System(Errand::Processing)
    };
    /// Reads the file and records what is in it.
    ProcessVersion = "media.process" on MediaFacts: |a, _| *a == Actor::System(Errand::Processing);

    /// Adds files to a library.
    AddMedia = "library.add" on LibraryFacts: |a, l| {
        a.is(l.owner) || l.receiving.is_some_and(|upload| *a == Actor::UploadLink(upload))
    };
    /// Gets many originals of a library as one file; each item is decided for itself as well.
    DownloadLibrary = "library.download" on LibraryFacts: |a, l| a.is(l.owner);
    /// Lists a library.
    ListLibrary = "library.list" on LibraryFacts: |a, l| a.is(l.owner);

    /// Sends bytes of an upload and completes it.
    ContinueUpload = "upload.continue" on UploadFacts: |a, u| a.is(u.owner) || *a == Actor::UploadLink(u.id);
    /// Gives an upload up.
    CancelUpload = "upload.cancel" on UploadFacts: |a, u| {
        a.is(u.owner) || *a == Actor::UploadLink(u.id) || *a == Actor::System(Errand::Housekeeping)
    };

    /// Sees an account.
    ViewUser = "user.view" on UserFacts: |a, u| a.is(u.id) || admin(a);
    /// Changes name and the like of one's own account.
    EditUser = "user.edit" on UserFacts: |a, u| a.is(u.id) && u.status == UserStatus::Active;
    /// Changes one's own password.
    ChangePassword = "user.password" on UserFacts: |a, u| a.is(u.id) && u.status == UserStatus::Active;
    /// Lists the sign-ins of an account.
    ListSessions = "session.list" on UserFacts: |a, u| a.is(u.id);
    /// Opens a session after the credentials were proven.
    SignIn = "session.open" on UserFacts: |a, u| *a == Actor::Anonymous && u.status == UserStatus::Active;
    /// Ends a session.
    RevokeSession = "session.revoke" on SessionFacts: |a, s| a.is(s.user);

    /// Makes the first administrator.
    SetUp = "installation.setup" on InstallationFacts: |a, i| *a == Actor::Anonymous && !i.has_users;
    /// Makes an account.
    CreateUser = "user.create" on InstallationFacts: |a, _| admin(a) || *a == Actor::System(Errand::Operator);
    /// Opens every stored object to check it.
    VerifyStorage = "storage.verify" on InstallationFacts: |a, _| {
        matches!(a, Actor::System(Errand::Verification | Errand::Operator))
    };
    /// Removes objects and rows that are over their time.
    KeepHouse = "installation.housekeeping" on InstallationFacts: |a, _| *a == Actor::System(Errand::Housekeeping);
}
