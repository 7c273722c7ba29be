//! Lists of items: months, a month's page, all of a view.

use crate::{Vault, VaultError};
use domain::{Call, MediaState, Month, View, scope_of};
use store::{Cell, ListFilter, ListPosition, MediaRow, MonthCount};

/// A page and where the next begins.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Behind what the next page begins; `None` at the end.
    pub next: Option<ListPosition>,
}

/// The months of a view with their counts, newest first.
pub async fn months(vault: &Vault, call: Call, view: View) -> Result<Vec<MonthCount>, VaultError> {
    let scope = scope_of(&call.actor, view)?;
    vault.store().read(move |tx| Ok(tx.months(&scope)?)).await
}

/// A page of a month, newest first.
pub async fn month(
    vault: &Vault,
    call: Call,
    view: View,
    month: Month,
    behind: Option<ListPosition>,
    limit: u32,
) -> Result<Page<Cell>, VaultError> {
    let scope = scope_of(&call.actor, view)?;
    let cells = vault
        .store()
        .read::<_, VaultError>(move |tx| Ok(tx.month_page(&scope, month, behind, limit.saturating_add(1))?))
        .await?;
    Ok(page(cells, limit, |c| ListPosition {
        local: c.local,
        id: c.id,
    }))
}

/// A page of a view, newest first.
pub async fn media(
    vault: &Vault,
    call: Call,
    view: View,
    filter: ListFilter,
    behind: Option<ListPosition>,
    limit: u32,
) -> Result<Page<MediaRow>, VaultError> {
    let scope = scope_of(&call.actor, view)?;
    let rows = vault
        .store()
        .read::<_, VaultError>(move |tx| Ok(tx.media_page(&scope, &filter, behind, limit.saturating_add(1))?))
        .await?;
    Ok(page(rows, limit, |m| ListPosition {
        local: m.taken.local,
        id: m.id,
    }))
}

/// One more than asked was read: it tells whether there is a next page.
fn page<T>(mut items: Vec<T>, limit: u32, position: impl Fn(&T) -> ListPosition) -> Page<T> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = if more { items.last().map(position) } else { None };
    Page { items, next }
}

/// How many of one's items are still being processed.
pub async fn processing(vault: &Vault, call: Call) -> Result<u64, VaultError> {
    let scope = scope_of(&call.actor, View::Timeline)?;
    vault
        .store()
        .read(move |tx| Ok(tx.media_in_state(&scope, MediaState::Processing)?))
        .await
}
