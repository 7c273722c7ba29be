//! The timeline: months, and a month as columns.

use super::{Reply, words};
use crate::{
    cursor,
    extract::{Id, Query},
    layer::SignedIn,
    problem::{Answer, Problem},
    rows::{Cell, MonthCount},
    state::Api,
    when,
};
use axum::{Json, extract::State};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Month, View};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vault::lists;

/// Which list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ViewQuery {
    /// The list: `timeline` (default), `favorites`, `archive` or `trash`.
    #[param(inline, value_type = Option<words::View>)]
    pub view: Option<String>,
}

/// Reads the name of a list.
pub fn view(text: Option<&str>) -> Answer<View> {
    text.map_or(Ok(View::Timeline), |text| {
        text.parse().map_err(|e| Problem::field("view", e))
    })
}

/// The months of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Timeline {
    /// Items in all.
    pub total: u64,
    /// The months that have items, newest first.
    pub buckets: Vec<Bucket>,
}

/// A month.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bucket {
    /// Such as `2024-05`.
    #[schema(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    pub month: String,
    /// Its items.
    pub count: u64,
}

/// The months of a list with their numbers of items, newest first.
#[utoipa::path(
    get, path = "/api/v1/timeline", tag = "timeline", params(ViewQuery), responses((status = 200, body = Timeline))
)]
pub async fn months(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Query(asked): Query<ViewQuery>,
) -> Reply<Timeline> {
    let months = lists::months(api.vault(), call, view(asked.view.as_deref())?).await?;
    let total = months.iter().map(|m| m.items).sum();
    let show = |m: MonthCount| Bucket {
        month: m.month.to_string(),
        count: m.items,
    };
    Ok(Json(Timeline {
        total,
        buckets: months.into_iter().map(show).collect(),
    }))
}

/// A page of a month.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MonthQuery {
    /// The list: `timeline` (default), `favorites`, `archive` or `trash`.
    #[param(inline, value_type = Option<words::View>)]
    pub view: Option<String>,
    /// Most items: 1 to 10,000; 5,000 when it is not said.
    #[param(minimum = 1, maximum = 10_000)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A page of a month as columns of equal length, newest first: a page is laid out exactly before any image loads.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthPage {
    /// The month.
    #[schema(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    pub month: String,
    /// Items of this page.
    pub count: usize,
    /// The columns.
    pub items: Columns,
    /// Give it as `cursor` to get the next page; null at the end.
    pub next_cursor: Option<String>,
}

/// Items as columns.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Columns {
    /// Ids.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub id: Vec<String>,
    /// Capture times: the wall clock there, with offset.
    pub taken_at: Vec<String>,
    /// photo, video or audio.
    #[schema(value_type = Vec<words::MediaKind>)]
    pub kind: Vec<&'static str>,
    /// Width divided by height, as shown; 1 while it is not known.
    pub ratio: Vec<f64>,
    /// Placeholders (ThumbHash) in base64, or null.
    pub thumbhash: Vec<Option<String>>,
    /// Lengths of videos and sounds in milliseconds, or null.
    pub duration_ms: Vec<Option<i64>>,
    /// Whether you marked them.
    pub favorite: Vec<bool>,
    /// processing, ready or failed.
    #[schema(value_type = Vec<words::MediaState>)]
    pub state: Vec<&'static str>,
    /// Counts of their files; the address of a thumbnail names it (`?v=`) and may be kept for ever.
    pub version: Vec<i64>,
}

impl Columns {
    fn push(&mut self, cell: Cell) {
        self.id.push(cell.id.to_string());
        self.taken_at.push(when::taken(cell.local, cell.offset_minutes));
        self.kind.push(cell.kind.as_str());
        self.ratio.push(ratio(cell.width, cell.height));
        self.thumbhash.push(cell.thumbhash.map(|h| STANDARD.encode(h)));
        self.duration_ms.push(cell.duration_ms);
        self.favorite.push(cell.favorite);
        self.state.push(cell.state.as_str());
        self.version.push(cell.version);
    }
}

/// Four digits behind the point are exact to a pixel on any screen.
fn ratio(width: Option<i64>, height: Option<i64>) -> f64 {
    match (width, height) {
        (Some(w), Some(h)) if w > 0 && h > 0 => ((w as f64 / h as f64) * 10_000.0).round() / 10_000.0,
        _ => 1.0,
    }
}

/// A month's items, newest first.
#[utoipa::path(
    get, path = "/api/v1/timeline/{month}", tag = "timeline",
    params(("month" = String, Path, pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$", example = "2024-05"), MonthQuery),
    responses((status = 200, body = MonthPage))
)]
pub async fn month(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Id(month): Id<Month>,
    Query(asked): Query<MonthQuery>,
) -> Reply<MonthPage> {
    let limit = cursor::limit(asked.limit, 5_000, 10_000)?;
    let behind = cursor::read(asked.cursor.as_deref())?;
    let page = lists::month(api.vault(), call, view(asked.view.as_deref())?, month, behind, limit).await?;
    let mut items = Columns::default();
    let count = page.items.len();
    page.items.into_iter().for_each(|cell| items.push(cell));
    Ok(Json(MonthPage {
        month: month.to_string(),
        count,
        items,
        next_cursor: page.next.map(cursor::write),
    }))
}
