//! What a connection waits for, since when, and how long that may last.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// How long a new connection may take to send its first request's head. A client connects because it has something to send.
const FIRST_HEAD_LIMIT: Duration = Duration::from_secs(5);

/// How long the head of a later request may take, from its first byte to its end.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The head of the first request.
    FirstHead,
    /// The next request, of which nothing has come.
    Idle,
    /// The rest of a later request's head.
    Head,
    /// A part of a request's body.
    Body,
    /// A place among the connections that are served; its request has come.
    Queued,
    /// The client, which does not take its answer.
    Answer,
    /// The server itself, which works on an answer.
    Work,
}

impl Stage {
    /// How long the stage may last; `None` where other limits apply: those of a request, and that of writing.
    fn limit(self, idle: Duration) -> Option<Duration> {
        match self {
            Self::FirstHead => Some(FIRST_HEAD_LIMIT),
            Self::Idle => Some(idle),
            Self::Head => Some(HEAD_LIMIT),
            Self::Body | Self::Queued | Self::Answer | Self::Work => None,
        }
    }

    /// How long the connection is safe from being closed for the sake of another one; `None` where it always is.
    ///
    /// Long enough for what the client has already sent to be read, also on a busy machine.
    fn grace(self) -> Option<Duration> {
        match self {
            Self::FirstHead | Self::Queued => Some(Duration::from_millis(100)),
            Self::Idle | Self::Head => Some(Duration::from_secs(1)),
            Self::Body => Some(Duration::from_secs(2)),
            Self::Answer => Some(Duration::from_secs(5)),
            Self::Work => None,
        }
    }
}

/// Where a connection stands. Its own task changes it; the places look at it when all are taken.
#[derive(Debug)]
pub struct Progress {
    now: Mutex<Now>,
    /// Asked to make room.
    asked: AtomicBool,
    /// Tells the connection's task that it was asked to make room.
    leave: Notify,
    /// Tells a queued request that its place is needed.
    turned_away: Notify,
}

/// A stage and its beginning.
#[derive(Debug)]
struct Now {
    stage: Stage,
    since: Instant,
    /// Since when the client has taken nothing of what is to be written, at whatever stage.
    blocked: Option<Instant>,
}

impl Now {
    /// The stage, or the client that does not take its answer.
    fn seen(&self) -> (Stage, Instant) {
        self.blocked.map_or((self.stage, self.since), |since| (Stage::Answer, since))
    }

    fn enter(&mut self, stage: Stage) {
        if self.stage != stage {
            (self.stage, self.since) = (stage, Instant::now());
        }
    }
}

impl Progress {
    /// A connection that begins now.
    pub fn new() -> Self {
        let now = Now { stage: Stage::FirstHead, since: Instant::now(), blocked: None };
        Self {
            now: Mutex::new(now),
            asked: AtomicBool::new(false),
            leave: Notify::new(),
            turned_away: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        // Nothing in here can panic while it holds the lock.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the connection waits for.
    pub fn stage(&self) -> Stage {
        self.lock().seen().0
    }

    /// Enters a stage; one that lasts goes on.
    pub fn enter(&self, stage: Stage) {
        self.lock().enter(stage);
    }

    /// A queued request has got its place.
    pub fn served(&self) {
        self.asked.store(false, Ordering::Relaxed);
        self.enter(Stage::Work);
    }

    /// Enters a stage if the connection is in another one.
    pub fn move_on(&self, from: Stage, to: Stage) {
        let mut now = self.lock();
        if now.stage == from {
            now.enter(to);
        }
    }

    /// Notes whether the client takes what is written.
    pub fn written(&self, is_taken: bool) {
        let mut now = self.lock();
        if is_taken {
            now.blocked = None;
        } else if now.blocked.is_none() {
            now.blocked = Some(Instant::now());
        }
    }

    /// When the stage has lasted too long.
    pub fn deadline(&self, idle: Duration) -> Option<Instant> {
        let (stage, since) = self.lock().seen();
        Some(since + stage.limit(idle)?)
    }

    /// From when on the connection may be closed for another one, and in which order: those that never sent a request first,
    /// then the longest idle.
    pub fn dispensable(&self) -> Option<(Stage, Instant, Instant)> {
        let (stage, since) = self.lock().seen();
        Some((stage, since, since + stage.grace()?))
    }

    /// Whether the connection has been asked to make room, and has not yet answered.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Asks the connection to make room: a queued request is told to come again, else the connection closes.
    pub fn ask_to_leave(&self) {
        self.asked.store(true, Ordering::Relaxed);
        if self.stage() == Stage::Queued {
            self.turned_away.notify_one();
        } else {
            self.leave.notify_one();
        }
    }

    /// Completes when the connection's task was asked to make room.
    pub async fn left(&self) {
        self.leave.notified().await;
    }

    /// Completes when the place of a queued request is needed.
    pub async fn turned_away(&self) {
        self.turned_away.notified().await;
    }

    /// Whether the connection makes room: not when its client has sent something in the meantime.
    pub fn makes_room(&self, has_unread: bool) -> bool {
        let is_due = self
            .dispensable()
            .is_some_and(|(stage, _, from)| stage != Stage::Queued && from <= Instant::now());
        let makes = is_due && !has_unread;
        self.asked.store(makes, Ordering::Relaxed);
        makes
    }
}
