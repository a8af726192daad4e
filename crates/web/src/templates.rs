//! The templates: embedded in the binary by folder, compiled once, strict about missing values.

use minijinja::{Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use crate::assets;

/// The view that a template shows: one type for each page. Every view has a field `context`, which the layout shows.
pub(crate) trait Page: Serialize {
    /// The template's name.
    const TEMPLATE: &'static str;
}

/// The compiled templates. Names end in `.html`, which is what turns escaping on.
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    /// Compiles them.
    pub(crate) fn new() -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment
            .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.add_global("stylesheet", assets::STYLESHEET.file.as_str());
        environment.add_global("version", env!("CARGO_PKG_VERSION"));
        environment.add_global("icon", assets::ICON.file.as_str());
        minijinja_embed::load_templates!(&mut environment);
        Ok(Self(environment))
    }

    /// Fills a page's template.
    pub(crate) fn render<P: Page>(&self, page: &P) -> Result<String, minijinja::Error> {
        self.0.get_template(P::TEMPLATE)?.render(Serde(page))
    }
}
