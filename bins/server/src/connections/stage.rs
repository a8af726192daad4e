//! The stage of a connection, its start and its time limit.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// The time limit for the head of a connection's first request.
const FIRST_HEAD_LIMIT: Duration = Duration::from_secs(5);

/// The time limit for the head of a later request, from its first byte to its last.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// The event that a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The head of the first request.
    FirstHead,
    /// The first byte of the next request.
    Idle,
    /// The rest of a later request's head.
    Head,
    /// A part of a request's body.
    Body,
    /// A slot among the served connections, for a request that has arrived.
    Queued,
    /// A client that does not read its response.
    Answer,
    /// The server, which produces the response.
    Work,
}

impl Stage {
    /// The time limit of the stage; `None` where the limits of requests and of writing apply.
    fn limit(self, idle: Duration) -> Option<Duration> {
        match self {
            Self::FirstHead => Some(FIRST_HEAD_LIMIT),
            Self::Idle => Some(idle),
            Self::Head => Some(HEAD_LIMIT),
            Self::Body | Self::Queued | Self::Answer | Self::Work => None,
        }
    }

    /// The time before the connection may be evicted for another one; `None` means never.
    ///
    /// It is long enough to read data that the client has already sent, even on a busy machine.
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

/// The progress of a connection. The connection's task updates it; [`super::slots`] reads it to choose which connection to evict.
#[derive(Debug)]
pub struct Progress {
    now: Mutex<Now>,
    /// Whether the connection was asked to close.
    asked: AtomicBool,
    /// Notifies the connection's task that it was asked to close.
    leave: Notify,
    /// Notifies a queued request that it is rejected.
    turned_away: Notify,
}

/// A stage and its start.
#[derive(Debug)]
struct Now {
    stage: Stage,
    since: Instant,
    /// The time since which the client reads nothing, in any stage.
    blocked: Option<Instant>,
}

impl Now {
    /// The current stage; [`Stage::Answer`] while the client reads nothing.
    fn seen(&self) -> (Stage, Instant) {
        self.blocked.map_or((self.stage, self.since), |since| (Stage::Answer, since))
    }

    fn enter(&mut self, stage: Stage) {
        // `Work` has no limit, and so needs no start.
        if self.stage != stage && stage != Stage::Work {
            self.since = Instant::now();
        }
        self.stage = stage;
    }
}

impl Progress {
    /// The progress of a connection that starts now.
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
        // No code in this file panics while it holds the mutex.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current stage.
    pub fn stage(&self) -> Stage {
        self.lock().seen().0
    }

    /// Enters a stage. Does nothing if it is the current one.
    pub fn enter(&self, stage: Stage) {
        self.lock().enter(stage);
    }

    /// Records that a queued request is answered from now on.
    pub fn served(&self) {
        self.asked.store(false, Ordering::Relaxed);
        self.enter(Stage::Work);
    }

    /// Enters the stage `to` if the current one is `from`.
    pub fn move_on(&self, from: Stage, to: Stage) {
        let mut now = self.lock();
        if now.stage == from {
            now.enter(to);
        }
    }

    /// Records whether the client reads written data.
    pub fn written(&self, is_taken: bool) {
        let mut now = self.lock();
        if is_taken {
            now.blocked = None;
        } else if now.blocked.is_none() {
            now.blocked = Some(Instant::now());
        }
    }

    /// The time at which the stage exceeds its limit.
    pub fn deadline(&self, idle: Duration) -> Option<Instant> {
        let (stage, since) = self.lock().seen();
        Some(since + stage.limit(idle)?)
    }

    /// The stage, its start, and the time from which the connection may be evicted. Eviction starts with connections that
    /// never sent a request, then takes the longest idle.
    pub fn dispensable(&self) -> Option<(Stage, Instant, Instant)> {
        let (stage, since) = self.lock().seen();
        Some((stage, since, since + stage.grace()?))
    }

    /// Whether the connection was asked to close and has not decided yet.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Asks the connection to close. A queued request gets 503 instead.
    pub fn ask_to_leave(&self) {
        self.asked.store(true, Ordering::Relaxed);
        if self.stage() == Stage::Queued {
            self.turned_away.notify_one();
        } else {
            self.leave.notify_one();
        }
    }

    /// Completes when the connection is asked to close.
    pub async fn left(&self) {
        self.leave.notified().await;
    }

    /// Completes when a queued request is rejected.
    pub async fn turned_away(&self) {
        self.turned_away.notified().await;
    }

    /// Whether the connection closes. It stays open if its client has sent data in the meantime.
    pub fn makes_room(&self, has_unread: bool) -> bool {
        let is_due = self
            .dispensable()
            .is_some_and(|(stage, _, from)| stage != Stage::Queued && from <= Instant::now());
        let makes = is_due && !has_unread;
        self.asked.store(makes, Ordering::Relaxed);
        makes
    }
}
