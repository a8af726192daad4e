//! What every store must keep of the author of a post.

use std::sync::Arc;

use super::{details, list_all, review};
use crate::{
    AuditChannel, Author, ClientApplication, NewRestaurant, Repository, RestaurantSort, Via,
    WriteContext,
};

/// The client application, the blueprint, the channel and the tool are kept with a post; the ids of the request are not.
pub async fn the_attribution_of_a_post_is_kept(store: Arc<impl Repository + ?Sized>) {
    let client = |name: Option<&str>| ClientApplication::new("client", name);
    let widest = "🍜".repeat(Author::MAX_CHARS);
    let authors = [
        Author::person("ada", Some("Ada")).through(AuditChannel::Page, None),
        Author::agent_for_person("ada", Some("Ada"))
            .with_client(client(Some("VS Code")))
            .through(AuditChannel::Mcp, Some("create_review_mcp")),
        Author::agent_for_person("ben", None),
        Author::agent("agent", None)
            .with_client(client(None))
            .with_blueprint(Some("blueprint"))
            .through(AuditChannel::Mcp, Some("create_restaurant_mcp")),
        Author::system().through(AuditChannel::Command, None),
        Author::agent(&widest, Some(&widest))
            .with_client(ClientApplication::new(&widest, Some(&widest)))
            .with_blueprint(Some(&widest))
            .through(AuditChannel::Mcp, Some(&widest)),
    ];
    for author in &authors {
        let via = author.context().via.clone();
        let context = WriteContext {
            via: via.clone(),
            request_id: Some("request".to_owned()),
            trace_id: Some("trace".to_owned()),
            ..WriteContext::default()
        };
        let writer = author.clone().with_context(context);
        let expected = (author.clone().without_context(), via);
        let new = NewRestaurant::draft().name("Blue Door").street_address("1").description("Fish");
        let restaurant =
            store.create_restaurant(new.parse().unwrap(), &writer, None).await.unwrap();
        let restaurant = restaurant.into_inner();
        let created = store.create_review(restaurant.id, review("A", 1, "B"), &writer, None).await;
        let created = created.unwrap().unwrap().into_inner();
        let read = details(&*store, restaurant.id).await;
        let of = |author: &Author, via: &Option<Via>| (author.clone(), via.clone());
        assert_eq!(of(&restaurant.created_by, &restaurant.created_via), expected);
        assert_eq!(of(&created.created_by, &created.created_via), expected);
        assert_eq!(of(&read.restaurant.created_by, &read.restaurant.created_via), expected);
        assert_eq!(read.reviews, [created]);
    }
    let listed = list_all(&*store, RestaurantSort::Newest, 2).await;
    assert!(
        listed
            .iter()
            .rev()
            .map(|it| &it.created_via)
            .eq(authors.iter().map(|author| &author.context().via))
    );
}
