//! The words of the interface, as the OpenAPI document lists them. The values themselves are those of `domain`; a test
//! compares the two.

use utoipa::ToSchema;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, serde::Serialize, ToSchema)]
        #[serde(rename_all = "lowercase")]
        #[expect(missing_docs, reason = "the words speak for themselves")]
        pub enum $name { $($variant),* }

        #[cfg(test)]
        impl $name {
            /// Every word.
            pub fn all() -> Vec<String> {
                vec![$(serde_json::to_value($name::$variant).unwrap().as_str().unwrap().to_owned()),*]
            }
        }
    )*};
}

words! {
    /// What a file holds.
    MediaKind { Photo, Video, Audio }
    /// How far the work on an item has come.
    MediaState { Processing, Ready, Failed }
    /// A list of items.
    View { Timeline, Favorites, Archive, Trash }
    /// A rendition: `thumb` is WebP, 256 px on the short side; `preview` JPEG, 1440 px on the long side.
    RenditionSize { Thumb, Preview }
    /// Where a capture time was read.
    TakenSource { Person, Exif, Container, Sidecar, FileName, FileTime, Upload }
    /// Who wrote a description.
    DescriptionSource { None, File, Ai, Person }
    /// What a person may do in the installation.
    Role { User, Partner, Admin }
    /// Whether a person may sign in.
    UserStatus { Active, Disabled }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_words_are_those_of_the_domain() {
        fn read<T: std::str::FromStr + std::fmt::Display>(words: Vec<String>) {
            for word in words {
                assert_eq!(word.parse::<T>().map(|t| t.to_string()).ok(), Some(word));
            }
        }
        read::<domain::MediaKind>(MediaKind::all());
        read::<domain::MediaState>(MediaState::all());
        read::<domain::View>(View::all());
        read::<domain::RenditionKind>(RenditionSize::all());
        read::<domain::TakenSource>(TakenSource::all());
        read::<domain::DescriptionSource>(DescriptionSource::all());
        read::<domain::Role>(Role::all());
        read::<domain::UserStatus>(UserStatus::all());
    }
}
