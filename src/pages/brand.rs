//! The operator's brand: name, logo and colors.

use crate::protocol::text;

/// A brand setting that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrandError {
    /// Not a color in hexadecimal.
    #[error("{0} must be a colour of six hexadecimal digits, such as #1a5fb4")]
    Colour(&'static str),
    /// Not an https URL.
    #[error("BRAND_LOGO_URL must be an https URL")]
    LogoUrl,
    /// Too long for a page's header.
    #[error("BRAND_NAME must have at most 60 characters")]
    Name,
}

/// The brand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// The name that every page shows.
    pub name: String,
    /// The URL of the logo.
    pub logo_url: Option<String>,
    /// The accent color for light and dark mode.
    accent: Option<String>,
    accent_dark: Option<String>,
}

impl Brand {
    /// Reads the brand's settings.
    ///
    /// # Errors
    /// See [`BrandError`].
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, BrandError> {
        let name = lookup("BRAND_NAME").unwrap_or_else(|| "Vestibule".to_owned());
        if name.chars().count() > 60 {
            return Err(BrandError::Name);
        }
        let logo_url = lookup("BRAND_LOGO_URL");
        let is_https =
            |url: &String| url::Url::parse(url).is_ok_and(|parsed| parsed.scheme() == "https");
        if logo_url.as_ref().is_some_and(|url| !is_https(url)) {
            return Err(BrandError::LogoUrl);
        }
        Ok(Self {
            name,
            logo_url,
            accent: colour(lookup, "BRAND_COLOR")?,
            accent_dark: colour(lookup, "BRAND_COLOR_DARK")?,
        })
    }

    /// Whether users could mistake this name for the service's; see [`text::is_same_name`].
    pub fn is_named(&self, name: &str) -> bool {
        text::is_same_name(&self.name, name)
    }

    /// The style sheet with the brand's colors.
    pub fn style(&self) -> String {
        let rule = |colour: &String| {
            format!(":root{{--accent:{colour};--on-accent:{}}}", readable_on(colour))
        };
        let day = self.accent.as_ref().map(rule).unwrap_or_default();
        let night = self.accent_dark.as_ref().map(rule).unwrap_or_default();
        format!("{day}@media (prefers-color-scheme:dark){{{night}}}")
    }
}

fn colour(
    lookup: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<String>, BrandError> {
    let is_colour = |value: &str| {
        value.strip_prefix('#').is_some_and(|digits| {
            digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
    };
    match lookup(name) {
        Some(value) if is_colour(&value) => Ok(Some(value)),
        Some(_) => Err(BrandError::Colour(name)),
        None => Ok(None),
    }
}

/// Black or white, whichever has more contrast on the color (WCAG 2.2 relative luminance).
fn readable_on(colour: &str) -> &'static str {
    let channel = |index: usize| {
        let digits = colour.get(index..index.saturating_add(2)).unwrap_or_default();
        let value = f64::from(u8::from_str_radix(digits, 16).unwrap_or_default()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    // At this luminance, black and white have the same contrast.
    if luminance > 0.179 { "#000000" } else { "#ffffff" }
}
