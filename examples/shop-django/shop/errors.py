"""Why the shop refuses to do something."""


class ShopError(Exception):
    """The request cannot be fulfilled; nothing was changed."""


class NotForSaleError(ShopError):
    """The product does not exist, or was withdrawn."""


class OutOfStockError(ShopError):
    """The warehouse has too few."""


class NotPayableError(ShopError):
    """The order is paid or cancelled already."""


class RefundTooHighError(ShopError):
    """More than was paid would go back."""
