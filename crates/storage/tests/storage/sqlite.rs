//! The store in an SQLite file.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use restaurant_domain::{
    Author, Clock, CreateError, NewRestaurant, Restaurant, RestaurantQuery, StoreError, SystemClock,
};
use restaurant_storage::{Database, DatabaseUrl, Limits, open};
use tempfile::TempDir;
use tokio::task::JoinSet;

mod contract {
    //! It passes the suite.
    use super::store;

    restaurant_domain::repository_contract!(store);
    restaurant_domain::accountability_contract!(store);
    restaurant_domain::import_contract!(store);
}

/// A store in a file of its own.
async fn store(clock: Arc<dyn Clock>) -> (Arc<dyn Database>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&file(&folder));
    let store = open(&url, Limits::default(), clock).await.unwrap();
    assert!(store.migrate().await.unwrap() > 0);
    (store, folder)
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("restaurants.db")
}

async fn open_file(path: &Path, limits: Limits) -> Result<Arc<dyn Database>, StoreError> {
    open(&url(path), limits, Arc::new(SystemClock)).await
}

fn url(path: &Path) -> DatabaseUrl {
    DatabaseUrl::parse(&format!("sqlite://{}", path.display())).unwrap()
}

fn restaurant() -> NewRestaurant {
    NewRestaurant::draft()
        .name("Blue Door")
        .street_address("1 Harbour Road")
        .description("Fish")
        .parse()
        .unwrap()
}

/// Adds a restaurant without a key.
async fn create(store: &dyn Database) -> Result<Restaurant, StoreError> {
    match store.create_restaurant(restaurant(), &Author::anonymous(), None).await {
        Ok(created) => Ok(created.into_inner()),
        Err(CreateError::Store(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

async fn total(store: &dyn Database) -> Result<i64, StoreError> {
    Ok(store.list_restaurants(&RestaurantQuery::default()).await?.total.get())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_instances_that_start_at_once_one_migrates() {
    let folder = tempfile::tempdir().unwrap();
    let mut instances = JoinSet::new();
    for _ in 0..10 {
        let path = file(&folder);
        instances.spawn(async move {
            let store = open_file(&path, Limits::default()).await.unwrap();
            let applied = store.migrate().await.unwrap();
            store.ping().await.unwrap();
            applied
        });
    }
    let applied = instances.join_all().await;
    assert_eq!(applied.iter().filter(|applied| **applied > 0).count(), 1, "{applied:?}");
}

#[tokio::test]
async fn before_it_is_migrated_it_answers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_file(&file(&folder), Limits::default()).await.unwrap();
    for result in [
        store.ping().await,
        total(&*store).await.map(drop),
        create(&*store).await.map(drop),
        store.import(vec![], true).await.map(drop),
    ] {
        assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    }
}

#[tokio::test]
async fn what_was_written_is_there_when_the_file_is_opened_again() {
    let (store, folder) = store(Arc::new(SystemClock)).await;
    let created = create(&*store).await.unwrap();
    drop(store);
    let store = open_file(&file(&folder), Limits::default()).await.unwrap();
    assert_eq!(store.migrate().await.unwrap(), 0);
    let page = store.list_restaurants(&RestaurantQuery::default()).await.unwrap();
    assert_eq!(page.restaurants, [created]);
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let no_database = folder.path().join("letter.txt");
    fs::write(&no_database, "Dear reader, this is no database, but it is long enough. ".repeat(20))
        .unwrap();
    for path in
        [folder.path().join("missing/restaurants.db"), folder.path().to_owned(), no_database]
    {
        let Err(StoreError::Failed(cause)) = open_file(&path, Limits::default()).await else {
            panic!("{} was opened", path.display())
        };
        assert!(cause.to_string().contains(path.to_str().unwrap()), "{cause}");
    }
}

#[tokio::test]
async fn a_file_that_may_not_be_written_is_named() {
    let (store, folder) = store(Arc::new(SystemClock)).await;
    drop(store);
    let path = file(&folder);
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    if fs::File::options().write(true).open(&path).is_ok() {
        // To root nothing is read-only.
        return;
    }
    let Err(StoreError::Failed(cause)) = open_file(&path, Limits::default()).await else {
        panic!("{} was opened", path.display())
    };
    assert!(cause.to_string().contains(path.to_str().unwrap()), "{cause}");
}

/// Another process in the middle of a write.
fn lock(folder: &TempDir) -> SqliteConnection {
    let mut other = SqliteConnection::establish(file(folder).to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn who_waits_too_long_for_a_lock_is_told_to_come_back() {
    let (_, folder) = store(Arc::new(SystemClock)).await;
    let mut limits = Limits::default();
    limits.acquire = Duration::from_millis(50);
    let store = open_file(&file(&folder), limits).await.unwrap();
    store.migrate().await.unwrap();
    let mut other = lock(&folder);
    let result = create(&*store).await;
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    assert_eq!(total(&*store).await.unwrap(), 0, "readers do not wait for writers");
    other.batch_execute("COMMIT").unwrap();
    create(&*store).await.unwrap();
}

#[tokio::test]
async fn a_writer_is_told_what_became_of_its_write() {
    let (_, folder) = store(Arc::new(SystemClock)).await;
    let mut limits = Limits::default();
    limits.acquire = Duration::from_millis(500);
    limits.statement = Duration::from_millis(50);
    let store = open_file(&file(&folder), limits).await.unwrap();
    store.migrate().await.unwrap();
    let mut other = lock(&folder);
    // It waits longer than a statement may take, because it may get the lock until the end of that time.
    let result = create(&*store).await;
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    other.batch_execute("COMMIT").unwrap();
    create(&*store).await.unwrap();
    assert_eq!(total(&*store).await.unwrap(), 1, "what was called unavailable was not written");
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_stays_as_it_is() {
    for theirs in ["PRAGMA application_id = 1196444487", "CREATE TABLE reviews (theirs)"] {
        let folder = tempfile::tempdir().unwrap();
        let path = file(&folder);
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute(&format!("{theirs}; CREATE TABLE theirs (id)")).unwrap();
        drop(connection);
        let before = std::fs::read(&path).unwrap();
        let Err(StoreError::Failed(error)) = open_file(&path, Limits::default()).await else {
            panic!("it opened")
        };
        assert!(error.to_string().contains("another program"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}

/// What a store says that cannot use its file.
fn complaint<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Unavailable(cause)) => cause.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_deleted_is_missed_and_not_made_again() {
    let (store, folder) = store(Arc::new(SystemClock)).await;
    let path = file(&folder);
    create(&*store).await.unwrap();
    fs::remove_file(&path).unwrap();
    // More at once than there are connections yet.
    let mut readers = JoinSet::new();
    for _ in 0..32 {
        let store = Arc::clone(&store);
        readers.spawn(async move { total(&*store).await });
    }
    let mut complaints: Vec<_> = readers.join_all().await.into_iter().map(complaint).collect();
    complaints.push(complaint(create(&*store).await));
    complaints.push(complaint(store.ping().await));
    complaints.push(complaint(store.import(vec![], false).await));
    for said in complaints {
        assert!(said.contains(path.to_str().unwrap()) && said.contains("deleted"), "{said}");
    }
    assert!(!path.exists());

    drop(store);
    let store = open_file(&path, Limits::default()).await.unwrap();
    assert!(store.migrate().await.unwrap() > 0);
    create(&*store).await.unwrap();
    assert_eq!(total(&*store).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_comes_back_is_used_again() {
    let (store, folder) = store(Arc::new(SystemClock)).await;
    let (path, aside) = (file(&folder), folder.path().join("aside"));
    create(&*store).await.unwrap();
    fs::rename(&path, &aside).unwrap();
    complaint(create(&*store).await);
    // Whatever is in its place is left as it is.
    fs::write(&path, "").unwrap();
    for result in [create(&*store).await.map(drop), total(&*store).await.map(drop)] {
        let said = complaint(result);
        assert!(said.contains("another file is in its place"), "{said}");
    }
    assert_eq!(fs::read(&path).unwrap(), b"");
    fs::rename(&aside, &path).unwrap();
    create(&*store).await.unwrap();
    assert_eq!(total(&*store).await.unwrap(), 2);
}

/// SQLite would take some of them for parts of a URI.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_character_of_a_path_stands_for_itself() {
    for name in ["%41", "a#b", "a b", "50%", "ä&mode=memory", "file:x", "-"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let store = open_file(&path, Limits::default()).await.unwrap();
        store.migrate().await.unwrap();
        create(&*store).await.unwrap();
        assert_eq!(total(&*store).await.unwrap(), 1, "{name}");
        assert!(path.exists(), "{name}");
    }
}
