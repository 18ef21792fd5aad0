"""The HTML page of a review: one self-contained file that is readable without JavaScript.

`review` fits it to a size, `page` puts it together, and each other module renders one part.
Text from data becomes markup only through `markup`, so it is always escaped. `review.css` and
`review.js` go into the page unchanged; the page's security policy names their hashes.
"""
