"""The HTML page of a review: one self-contained file that is readable without JavaScript.

`page` puts it together; each other module knows one part. Text from data becomes markup
only through `markup`, so it is always escaped. `review.css` and `review.js` are read as
package files and go into the page as they are; the page's policy names their hashes.
"""
