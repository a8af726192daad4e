//! What every store must do with a budget.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::task::JoinSet;

use super::{activity::record, add_restaurant, assert_recount, review, total};
use crate::{
    Author, Budget, BudgetExhausted, BudgetPeriod, ClientApplication, Clock, CreateError, Created,
    IdempotencyKey, NewRestaurant, Repository, RestaurantId, WriteContext, testing::ManualClock,
};

fn with_budget(author: Author, budget: Budget) -> Author {
    author.with_context(WriteContext { budget, ..WriteContext::default() })
}

/// Of many writes at once as many happen as the budget has, to one restaurant and to many; each of the others is told.
pub async fn a_budget_is_exact_among_concurrent_writers(store: Arc<impl Repository + ?Sized>) {
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(add_restaurant(&*store, &format!("Number {number}")).await.id);
    }
    let budget = Budget::default().per(BudgetPeriod::Hour, 20).per(BudgetPeriod::Day, 1000);
    let agent = with_budget(Author::agent("agent", None), budget);
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        let (store, agent, ids) = (Arc::clone(&store), agent.clone(), ids.clone());
        writers.spawn(async move {
            let id = if writer % 2 == 0 { ids[0] } else { ids[writer % ids.len()] };
            store.create_review(id, review("Ann", 3, "Text"), &agent, None).await.map(drop)
        });
    }
    let results = writers.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 20);
    for result in results.into_iter().filter(Result::is_err) {
        let exhausted = exhausted(result);
        assert_eq!((exhausted.limit, exhausted.period), (20, BudgetPeriod::Hour));
        assert!((1..=3600).contains(&exhausted.retry_after), "{exhausted:?}");
    }
    let mut count = 0;
    for id in ids {
        count += assert_recount(&*store, id).await;
    }
    assert_eq!(count, 20);
    assert_eq!(record(&*store, 100).await.len(), 4 + 20, "a refused write leaves no entry");
    let restaurant = NewRestaurant::draft().name("New").street_address("1").description("Text");
    let restaurant = restaurant.parse().unwrap();
    let refused = store.create_restaurant(restaurant, &agent, None).await;
    assert!(matches!(refused, Err(CreateError::BudgetExhausted(_))), "{refused:?}");
    assert_eq!(total(&*store, None).await, 4);
}

/// Of many reviews of one restaurant at once, those that are refused or repeated leave the others as they are.
pub async fn a_review_that_is_refused_fails_alone(store: Arc<impl Repository + ?Sized>) {
    let id = add_restaurant(&*store, "Blue Door").await.id;
    let budget = Budget::default().per(BudgetPeriod::Hour, 1);
    let spent = with_budget(Author::agent("spent", None), budget);
    let used = Some(IdempotencyKey::parse("used").unwrap());
    store.create_review(id, review("Ann", 1, "First"), &spent, used.as_ref()).await.unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        let (store, spent, used) = (Arc::clone(&store), spent.clone(), used.clone());
        writers.spawn(async move {
            let key = IdempotencyKey::parse("repeated").ok();
            let (author, key) = match writer % 4 {
                0 => (&spent, None),
                1 => (&spent.clone().without_context(), used),
                2 => (&Author::agent("other", None), key),
                _ => (&Author::anonymous(), None),
            };
            let created = store.create_review(id, review("Ann", 3, "Text"), author, key.as_ref());
            (writer % 4, created.await.map(Option::unwrap))
        });
    }
    let mut created = 0;
    for (kind, result) in writers.join_all().await {
        let is_expected = match &result {
            Err(CreateError::BudgetExhausted(_)) => kind == 0,
            Err(CreateError::KeyReused) => kind == 1,
            Ok(Created::Replayed(_)) => kind == 2,
            Ok(Created::New(_)) => kind >= 2,
            Err(_) => false,
        };
        assert!(is_expected, "{kind}: {result:?}");
        created += i64::from(matches!(result, Ok(Created::New(_))));
    }
    assert_eq!(created, 1 + 16);
    assert_eq!(assert_recount(&*store, id).await, 1 + created);
    assert_eq!(record(&*store, 100).await.len(), 2 + 1 + 16);
}

/// A repeated create, and one of a review of an unknown restaurant, are not counted. Each caller has a budget of its own.
pub async fn what_writes_nothing_is_not_counted(store: Arc<impl Repository + ?Sized>) {
    let id = add_restaurant(&*store, "Blue Door").await.id;
    let budget = Budget::default().per(BudgetPeriod::Minute, 2);
    let agent = with_budget(Author::agent("agent", None), budget);
    let key = IdempotencyKey::parse("k").unwrap();
    let write = async |author: &Author, key| {
        store.create_review(id, review("Ann", 3, "Text"), author, key).await.map(drop)
    };
    for _ in 0..3 {
        let unknown = RestaurantId(id.0 + 1);
        let none = store.create_review(unknown, review("Ann", 3, "Text"), &agent, None).await;
        assert_eq!(none.unwrap(), None);
        write(&agent, Some(&key)).await.unwrap();
    }
    write(&agent, None).await.unwrap();
    assert!(matches!(write(&agent, None).await, Err(CreateError::BudgetExhausted(_))));
    write(&agent, Some(&key)).await.unwrap();
    let client = ClientApplication::new("client", None);
    for other in [
        Author::agent("agent", None).with_client(client),
        Author::agent("other", None),
        Author::agent_for_person("agent", None),
        Author::person("agent", None),
    ] {
        write(&with_budget(other, budget), None).await.unwrap();
    }
    write(&agent.without_context(), None).await.unwrap();
}

/// A period begins with its first write, and when it is over the caller may write again; not a moment sooner.
pub async fn a_budget_frees_when_its_period_ends(
    store: Arc<impl Repository + ?Sized>,
    clock: &ManualClock,
) {
    let id = add_restaurant(&*store, "Blue Door").await.id;
    let budget = Budget::default().per(BudgetPeriod::Minute, 2).per(BudgetPeriod::Hour, 3);
    let agent = with_budget(Author::agent("agent", None), budget);
    let write =
        async || store.create_review(id, review("Ann", 3, "Text"), &agent, None).await.map(drop);
    let refused = async |period, after| {
        let exhausted = exhausted(write().await);
        assert_eq!((exhausted.period, exhausted.frees_at), (period, clock.now() + after));
    };
    write().await.unwrap();
    clock.advance(TimeDelta::seconds(59));
    write().await.unwrap();
    refused(BudgetPeriod::Minute, TimeDelta::seconds(1)).await;
    clock.advance(TimeDelta::seconds(1) - TimeDelta::microseconds(1));
    refused(BudgetPeriod::Minute, TimeDelta::microseconds(1)).await;
    clock.advance(TimeDelta::microseconds(1));
    write().await.unwrap();
    refused(BudgetPeriod::Hour, TimeDelta::minutes(59)).await;
    clock.advance(TimeDelta::minutes(59));
    write().await.unwrap();
}

/// The limit that refused a create.
fn exhausted(result: Result<(), CreateError>) -> BudgetExhausted {
    let exhausted = match result {
        Err(CreateError::BudgetExhausted(exhausted)) => Ok(exhausted),
        other => Err(other),
    };
    exhausted.unwrap()
}
