//! What differs from tenant to tenant in Microsoft Graph's answers.

/// How Microsoft Graph behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GraphOptions {
    /// How many requests miss a new object before it is found: replication, counted in requests and not in time, so that a test always sees the same. 0 by default.
    pub replication_requests: u32,
    /// How many objects a page has when `$top` does not say; Graph's own is 100, ours is 5, so that a client that follows no `@odata.nextLink` is found out.
    pub page_size: usize,
    /// The domains that `https` identifier URIs may use, themselves or one below them. The first is the tenant's initial domain.
    pub verified_domains: Vec<String>,
    /// Whether an enabled role or scope can only be disabled, not changed in any other way. It can never be removed. Reports differ on changes; true by default.
    pub enabled_permissions_are_fixed: bool,
}

impl Default for GraphOptions {
    fn default() -> Self {
        Self {
            replication_requests: 0,
            page_size: 5,
            verified_domains: vec![
                "sample.onmicrosoft.com".to_owned(),
                "sample.example".to_owned(),
            ],
            enabled_permissions_are_fixed: true,
        }
    }
}
