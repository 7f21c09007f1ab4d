//! The house style: colours, sizes, markers.

/// A colour and how opaque it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Paint {
    /// Red, green, blue.
    pub(super) rgb: (u8, u8, u8),
    /// 0 = invisible, 1 = opaque.
    pub(super) alpha: f64,
}

impl Paint {
    const fn opaque(rgb: (u8, u8, u8)) -> Self {
        Self { rgb, alpha: 1.0 }
    }

    /// The same colour at another opacity.
    pub(super) const fn fade(self, alpha: f64) -> Self {
        Self {
            rgb: self.rgb,
            alpha,
        }
    }

    /// This colour as it looks at `share` of its strength on white. Opaque, so that what lies
    /// below does not shine through.
    pub(super) fn tint(self, share: f64) -> Self {
        WHITE.toward(self, share)
    }

    /// Part of the way to another colour.
    fn toward(self, other: Self, share: f64) -> Self {
        // Between two bytes there is only a byte.
        let mix = |from: u8, to: u8| {
            (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8
        };
        let ((red, green, blue), (r, g, b)) = (self.rgb, other.rgb);
        Self {
            rgb: (mix(red, r), mix(green, g), mix(blue, b)),
            alpha: other.alpha,
        }
    }
}

pub(super) const WHITE: Paint = Paint::opaque((0xff, 0xff, 0xff));
pub(super) const INK: Paint = Paint::opaque((0x22, 0x26, 0x2b));
pub(super) const MUTED: Paint = Paint::opaque((0x6b, 0x72, 0x7a));
pub(super) const GRID: Paint = Paint::opaque((0xe3, 0xe6, 0xe9));
pub(super) const AXIS: Paint = Paint::opaque((0xb4, 0xba, 0xc0));
const DEEP: Paint = Paint::opaque((0x00, 0x4a, 0x7a));
const BLUE: Paint = Paint::opaque((0x00, 0x72, 0xb2));
pub(super) const GREEN: Paint = Paint::opaque((0x00, 0x9e, 0x73));

/// Colour of a value in a grid, 0 to 1: from nearly white through blue to a deep blue.
pub(super) fn ramp(strength: f64) -> Paint {
    const WEAKEST: f64 = 0.06;
    const BLUE_AT: f64 = 0.6;
    if strength <= BLUE_AT {
        BLUE.tint(WEAKEST + (1.0 - WEAKEST) * strength / BLUE_AT)
    } else {
        BLUE.toward(DEEP, (strength - BLUE_AT) / (1.0 - BLUE_AT))
    }
}

/// Letters on the ramp: white where it is dark.
pub(super) fn on_ramp(strength: f64) -> Paint {
    const DARK: f64 = 0.52;
    if strength > DARK { WHITE } else { INK }
}

/// Okabe and Ito's colours for all kinds of colour vision, without the yellow that white swallows.
/// Green is last: it is the objective's, and a series of that colour beside it misleads.
const SERIES: [Paint; 6] = [
    BLUE,
    Paint::opaque((0xd5, 0x5e, 0x00)),
    Paint::opaque((0xcc, 0x79, 0xa7)),
    Paint::opaque((0xe6, 0x9f, 0x00)),
    Paint::opaque((0x56, 0xb4, 0xe9)),
    GREEN,
];

/// Colour of the series with this number.
pub(super) fn colour(number: usize) -> Paint {
    SERIES[number % SERIES.len()]
}

/// Shape of a point. Never colour alone: people print in grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Triangle,
    Square,
    Diamond,
}

/// Marker of the series with this number; the second round of colours gets other markers.
pub(super) fn marker(number: usize) -> Marker {
    const MARKERS: [Marker; 4] = [
        Marker::Circle,
        Marker::Triangle,
        Marker::Square,
        Marker::Diamond,
    ];
    MARKERS[(number + number / SERIES.len()) % MARKERS.len()]
}

/// Height of letters in logical pixels, and their weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) weight: Weight,
}

/// Weight of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

pub(super) const TITLE: Type = Type {
    size: 17.0,
    weight: Weight::Bold,
};
pub(super) const SUBTITLE: Type = Type {
    size: 12.0,
    weight: Weight::Regular,
};
pub(super) const LABEL: Type = Type {
    size: 12.0,
    weight: Weight::Regular,
};
pub(super) const STRONG: Type = Type {
    size: 12.0,
    weight: Weight::Bold,
};
pub(super) const SMALL: Type = Type {
    size: 11.0,
    weight: Weight::Regular,
};
pub(super) const SMALL_STRONG: Type = Type {
    size: 11.0,
    weight: Weight::Bold,
};
