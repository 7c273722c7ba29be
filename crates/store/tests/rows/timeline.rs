use crate::world::*;
use domain::{At, MediaId, MediaKind, MediaState, Month, Person, View};
use store::{ListFilter, ListPosition, Mark};

/// Walks a list by its cursor, `step` items at a time.
async fn walk(world: &World, person: Person, view: View, filter: ListFilter, step: u32) -> Vec<MediaId> {
    let (mut all, mut behind) = (vec![], None);
    loop {
        let page = world
            .read(move |tx| tx.media_page(&scope(person, view), &filter, behind, step))
            .await;
        let Some(last) = page.last() else { return all };
        behind = Some(ListPosition {
            local: last.taken.local,
            id: last.id,
        });
        all.extend(page.into_iter().map(|row| row.id));
    }
}

async fn walk_month(world: &World, person: Person, view: View, month: Month, step: u32) -> Vec<MediaId> {
    let (mut all, mut behind) = (vec![], None);
    loop {
        let page = world
            .read(move |tx| tx.month_page(&scope(person, view), month, behind, step))
            .await;
        let Some(last) = page.last() else { return all };
        behind = Some(ListPosition {
            local: last.local,
            id: last.id,
        });
        all.extend(page.into_iter().map(|cell| cell.id));
    }
}

/// Items of three months, several at the same instant, on every shelf, newest first with what they are.
struct Library {
    person: Person,
    items: Vec<(i64, MediaId, View, bool)>,
}

async fn fill(world: &World) -> Library {
    let person = world.person("ann").await;
    let other = world.person("bob").await;
    let mut items = vec![];
    for n in 0..60 {
        // Four share each instant; the last of a month and the first of the next are a microsecond apart.
        let local = match n / 4 % 3 {
            0 => day(2024, 5, 31) + 12 * At::HOUR - 1 - n / 12,
            1 => day(2024, 6, 1) - 12 * At::HOUR + n / 12,
            _ => day(1969, 12, 31) - n / 12,
        };
        let id = world.item(person, local).await;
        world.item(other, local).await;
        let favorite = n % 3 == 0;
        if favorite {
            world.act(person, id, Deed::Favorite(Mark::Set)).await;
        }
        let view = match n % 5 {
            0 => View::Archive,
            1 => View::Trash,
            _ => View::Timeline,
        };
        match view {
            View::Archive => world.act(person, id, Deed::Archive(Mark::Set)).await,
            View::Trash => world.act(person, id, Deed::Trash).await,
            _ => true,
        };
        items.push((local, id, view, favorite));
    }
    items.sort_by_key(|(local, id, ..)| std::cmp::Reverse((*local, *id)));
    Library { person, items }
}

impl Library {
    fn expected(&self, view: View, keep: impl Fn(i64) -> bool) -> Vec<MediaId> {
        let within = |v: View, favorite: bool| match view {
            View::Favorites => favorite && v != View::Trash,
            shelf => v == shelf,
        };
        let kept = self
            .items
            .iter()
            .filter(|(local, _, v, favorite)| within(*v, *favorite) && keep(*local));
        kept.map(|(_, id, ..)| *id).collect()
    }
}

const VIEWS: [View; 4] = [View::Timeline, View::Archive, View::Trash, View::Favorites];

#[testkit::both]
async fn a_cursor_walks_each_list_whole_and_in_order_whatever_the_step(world: World) {
    let library = fill(&world).await;
    for view in VIEWS {
        let expected = library.expected(view, |_| true);
        for step in [1, 7, 1000] {
            assert_eq!(
                walk(&world, library.person, view, ListFilter::default(), step).await,
                expected,
                "{view} by {step}"
            );
        }
        let person = library.person;
        assert_eq!(
            world.read(move |tx| tx.media_ids(&scope(person, view), 1000)).await,
            expected
        );
        assert_eq!(
            world.read(move |tx| tx.media_ids(&scope(person, view), 2)).await,
            expected[..2]
        );
    }
}

#[testkit::both]
async fn the_months_of_a_view_and_their_pages_agree(world: World) {
    let library = fill(&world).await;
    let person = library.person;
    for view in VIEWS {
        let months = world.read(move |tx| tx.months(&scope(person, view))).await;
        assert!(
            months.is_sorted_by(|a, b| a.month > b.month),
            "newest first: {months:?}"
        );
        let mut all = vec![];
        for month in months {
            for step in [1, 3, 5000] {
                let page = walk_month(&world, person, view, month.month, step).await;
                let expected = library.expected(view, |local| Month::of(At(local)) == month.month);
                assert_eq!(page, expected, "{view} {} by {step}", month.month);
            }
            let page = walk_month(&world, person, view, month.month, 5000).await;
            assert_eq!(page.len() as u64, month.items, "{view} {}", month.month);
            all.extend(page);
        }
        assert_eq!(all, library.expected(view, |_| true));
    }
    let empty = world
        .read(move |tx| tx.month_page(&scope(person, View::Timeline), Month(1), None, 10))
        .await;
    assert_eq!(empty, []);
}

#[testkit::both]
async fn a_cell_holds_what_a_page_of_thumbnails_needs(world: World) {
    let ann = world.person("ann").await;
    let mut new = photo(at_local(day(2023, 7, 1)));
    new.favorite = true;
    let (id, version) = (new.id, new.version);
    world.add(ann, new).await;
    crate::processing::process(&world, id, version).await;
    let cells = world
        .read(move |tx| tx.month_page(&scope(ann, View::Timeline), Month(2023 * 12 + 6), None, 10))
        .await;
    let cell = cells[0].clone();
    assert_eq!(
        (cell.id, cell.local, cell.offset_minutes),
        (id, At(day(2023, 7, 1)), Some(60))
    );
    assert_eq!(
        (cell.kind, cell.state, cell.favorite),
        (MediaKind::Photo, MediaState::Ready, true)
    );
    assert_eq!(
        (cell.width, cell.height, cell.duration_ms),
        (Some(4032), Some(3024), None)
    );
    assert_eq!(cell.thumbhash, Some(vec![9; 25]));
    assert_eq!(
        world
            .read(move |tx| tx.month_page(&scope(ann, View::Favorites), Month(2023 * 12 + 6), None, 10))
            .await,
        [cell]
    );
}

#[testkit::both]
async fn filters_cut_a_list_by_time(world: World) {
    let library = fill(&world).await;
    let border = day(2024, 6, 1) - 12 * At::HOUR;
    for view in VIEWS {
        for (from, until) in [
            (Some(border), None),
            (None, Some(border)),
            (Some(border - 3), Some(border + 3)),
            (Some(day(1969, 12, 31) - 2), Some(day(1969, 12, 31))),
            (Some(border), Some(border)),
        ] {
            let filter = ListFilter {
                from: from.map(At),
                until: until.map(At),
                ..ListFilter::default()
            };
            let expected = library.expected(view, |l| from.is_none_or(|f| l >= f) && until.is_none_or(|u| l < u));
            for step in [2, 1000] {
                assert_eq!(
                    walk(&world, library.person, view, filter, step).await,
                    expected,
                    "{view} {filter:?}"
                );
            }
        }
    }
}

#[testkit::both]
async fn filters_cut_a_list_by_kind_and_state(world: World) {
    let ann = world.person("ann").await;
    let mut expected = std::collections::HashMap::<_, Vec<_>>::new();
    for n in 0..24_i64 {
        let mut new = photo(at_local(day(2024, 1, 1) + n * 10 * At::DAY));
        new.kind = [MediaKind::Photo, MediaKind::Video, MediaKind::Audio][n as usize % 3];
        new.favorite = n % 2 == 0;
        let (id, version, kind) = (new.id, new.version, new.kind);
        world.add(ann, new).await;
        let state = match n % 4 {
            0 => {
                crate::processing::fail(&world, id, version).await;
                MediaState::Failed
            }
            1 if kind == MediaKind::Photo => {
                crate::processing::process(&world, id, version).await;
                // Which moved it to July 2023.
                world.act(ann, id, Deed::Date(day(2024, 1, 1) + n * 10 * At::DAY)).await;
                MediaState::Ready
            }
            _ => MediaState::Processing,
        };
        for kind in [None, Some(kind)] {
            for state in [None, Some(state)] {
                for view in [View::Timeline, View::Favorites] {
                    if view == View::Timeline || n % 2 == 0 {
                        expected.entry((view, kind, state)).or_default().insert(0, id);
                    }
                }
            }
        }
    }
    assert!(expected.len() > 20, "{}", expected.len());
    for ((view, kind, state), ids) in expected {
        let filter = ListFilter {
            kind,
            state,
            from: Some(At(0)),
            ..ListFilter::default()
        };
        assert_eq!(walk(&world, ann, view, filter, 3).await, ids, "{view} {filter:?}");
        if let (None, Some(state)) = (kind, state) {
            let counted = world.read(move |tx| tx.media_in_state(&scope(ann, view), state)).await;
            assert_eq!(counted, ids.len() as u64, "{view} {state}");
        }
    }
}

#[testkit::both]
async fn the_ends_of_the_calendar_are_listed_too(world: World) {
    let ann = world.person("ann").await;
    let (first, last) = (*domain::Taken::RANGE.start(), *domain::Taken::RANGE.end());
    let ids = [world.item(ann, first).await, world.item(ann, last).await];
    assert_eq!(
        walk(&world, ann, View::Timeline, ListFilter::default(), 1).await,
        [ids[1], ids[0]]
    );
    for (id, local) in [(ids[0], first), (ids[1], last)] {
        assert_eq!(
            walk_month(&world, ann, View::Timeline, Month::of(At(local)), 1).await,
            [id]
        );
    }
}
