//! What every store must do with the activity record.

use std::sync::Arc;

use super::{details, review};
use crate::{
    Activity, ActivityQuery, AuditChannel, AuditOperation, Author, AuthorGroup, ClientApplication,
    IdempotencyKey, NewRestaurant, PageLimit, Post, Repository, RestaurantId, WriteContext,
};

/// Each successful write leaves one entry with its author, operation, target and interface. A call that writes nothing leaves
/// no entry.
pub async fn each_write_leaves_one_entry_in_the_record(store: Arc<impl Repository + ?Sized>) {
    let context = WriteContext {
        request_id: Some("request".to_owned()),
        trace_id: Some("trace".to_owned()),
        ..WriteContext::default()
    };
    let agent = Author::agent_for_person("ada", Some("Ada"))
        .with_client(ClientApplication::new("client", Some("VS Code")))
        .with_blueprint(Some("blueprint"))
        .with_context(context)
        .through(AuditChannel::Mcp, Some("create_review_mcp"));
    let moderator = Author::person("eve", None).through(AuditChannel::Page, None);
    let key = IdempotencyKey::parse("k").unwrap();
    let blue_door = |name: &str| {
        let draft = NewRestaurant::draft().name(name).street_address("1 Quay");
        draft.description("Fish").parse().unwrap()
    };
    for _ in 0..2 {
        store.create_restaurant(blue_door("Blue"), &agent, Some(&key)).await.unwrap();
    }
    store.create_restaurant(blue_door("Red"), &agent, Some(&key)).await.unwrap_err();
    let id = RestaurantId(1);
    store.create_review(id, review("Ann", 1, "Text"), &agent, None).await.unwrap().unwrap();
    let unknown = RestaurantId(7);
    let none = store.create_review(unknown, review("Ann", 1, "Text"), &agent, None).await;
    assert_eq!(none.unwrap(), None);
    let review = Post::Review(id, details(&*store, id).await.reviews[0].id);
    assert!(store.hide(review, &moderator).await.unwrap());
    assert!(!store.hide(review, &moderator).await.unwrap());
    assert!(store.restore(review, &moderator).await.unwrap());
    assert!(!store.restore(review, &moderator).await.unwrap());
    let record = record(&*store, 100).await;
    let done: Vec<_> =
        record.iter().rev().map(|it| (it.operation, it.target, it.author.clone())).collect();
    let expected = [
        (AuditOperation::CreateRestaurant, Post::Restaurant(id), agent.clone()),
        (AuditOperation::CreateReview, review, agent),
        (AuditOperation::Hide, review, moderator.clone()),
        (AuditOperation::Restore, review, moderator),
    ];
    assert_eq!(done, expected);
    assert!(record.is_sorted_by(|newer, older| newer.id > older.id && newer.at >= older.at));
    for limit in [1, 2, 3, 4] {
        assert_eq!(self::record(&*store, limit).await, record, "by {limit}");
    }
    for (by, kept) in [(AuthorGroup::Agents, 2..4), (AuthorGroup::People, 0..2)] {
        let query = ActivityQuery { by: Some(by), ..ActivityQuery::default() };
        assert_eq!(store.activity(query).await.unwrap().entries, record[kept], "{by:?}");
    }
    let names = |record: &[Activity]| -> Vec<_> {
        record.iter().map(|it| it.restaurant_name.as_ref().map(ToString::to_string)).collect()
    };
    assert_eq!(names(&record), vec![Some("Blue".to_owned()); 4]);
    assert!(store.hide(Post::Restaurant(id), &Author::system()).await.unwrap());
    assert_eq!(names(&self::record(&*store, 100).await), vec![None; 5], "hidden for readers");
}

/// The whole record, the newest entries first, by pages of a size.
pub(super) async fn record(store: &(impl Repository + ?Sized), limit: i64) -> Vec<Activity> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let limit = PageLimit::new(limit).unwrap();
        let query = ActivityQuery { limit, after, by: None };
        let page = store.activity(query).await.unwrap();
        assert!(page.entries.len() <= usize::from(query.limit.get()));
        all.extend(page.entries);
        let Some(next) = page.next else { return all };
        after = Some(next.to_string().parse().unwrap());
    }
}
