//! The tables of `migrations/`, as queries name them. Both databases have the same.

diesel::table! {
    restaurants (id) {
        id -> BigInt,
        name -> Text,
        name_key -> Text,
        street_address -> Text,
        description -> Text,
        rating_sum -> BigInt,
        rating_count -> BigInt,
        rating_key -> BigInt,
        created_at -> Timestamp,
        created_by_kind -> Text,
        created_by_id -> Nullable<Text>,
        created_by_name -> Nullable<Text>,
        created_by_client_id -> Nullable<Text>,
        created_by_client_name -> Nullable<Text>,
        created_by_blueprint -> Nullable<Text>,
        created_via -> Nullable<Text>,
        stars_1 -> BigInt,
        stars_2 -> BigInt,
        stars_3 -> BigInt,
        stars_4 -> BigInt,
        stars_5 -> BigInt,
        people_sum -> BigInt,
        people_count -> BigInt,
        agents_sum -> BigInt,
        agents_count -> BigInt,
    }
}

diesel::table! {
    reviews (id) {
        id -> BigInt,
        restaurant_id -> BigInt,
        user_name -> Text,
        rating -> SmallInt,
        review_text -> Text,
        created_at -> Timestamp,
        created_by_kind -> Text,
        created_by_id -> Nullable<Text>,
        created_by_name -> Nullable<Text>,
        created_by_client_id -> Nullable<Text>,
        created_by_client_name -> Nullable<Text>,
        created_by_blueprint -> Nullable<Text>,
        created_via -> Nullable<Text>,
    }
}

diesel::table! {
    restaurant_search (restaurant_id) {
        restaurant_id -> BigInt,
        text -> Text,
        folding -> SmallInt,
    }
}

diesel::table! {
    restaurant_counts (shard) {
        shard -> SmallInt,
        restaurants -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (caller_kind, caller_id, key) {
        caller_kind -> Text,
        caller_id -> Text,
        key -> Text,
        fingerprint -> Binary,
        created_at -> Timestamp,
        restaurant_id -> Nullable<BigInt>,
        review_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    activity (id) {
        id -> BigInt,
        at -> Timestamp,
        operation -> Text,
        restaurant_id -> BigInt,
        review_id -> Nullable<BigInt>,
        actor_kind -> Text,
        actor_id -> Nullable<Text>,
        actor_name -> Nullable<Text>,
        client_id -> Nullable<Text>,
        client_name -> Nullable<Text>,
        blueprint -> Nullable<Text>,
        channel -> Nullable<Text>,
        tool -> Nullable<Text>,
        request_id -> Nullable<Text>,
        trace_id -> Nullable<Text>,
    }
}

diesel::table! {
    write_budgets (caller_kind, caller_id, client_id) {
        caller_kind -> Text,
        caller_id -> Text,
        client_id -> Text,
        minute_began -> Timestamp,
        minute_writes -> BigInt,
        hour_began -> Timestamp,
        hour_writes -> BigInt,
        day_began -> Timestamp,
        day_writes -> BigInt,
    }
}

diesel::joinable!(idempotency_keys -> restaurants (restaurant_id));
diesel::joinable!(idempotency_keys -> reviews (review_id));
diesel::allow_tables_to_appear_in_same_query!(
    idempotency_keys,
    restaurants,
    reviews,
    restaurant_search
);
diesel::allow_tables_to_appear_in_same_query!(activity, restaurants);
