"""The models of `django.contrib`, whose migrations are in no repository; they have not changed since Django 3."""

from typing import Final

from tdmvc.model.django_models import DjangoModel, ModelField


def _model(label: str, *fields: ModelField) -> DjangoModel:
    return DjangoModel(label, label.replace(".", "_"), fields)


def _id() -> ModelField:
    return ModelField("id", "AutoField", "id", is_primary=True)


def _text(name: str, length: int, *, is_unique: bool = False, is_null: bool = False) -> ModelField:
    return ModelField(name, "CharField", name, max_length=length, is_unique=is_unique, is_null=is_null)


def _many(model: str, name: str, target: str) -> ModelField:
    return ModelField(name, "ManyToManyField", f"auth_{model}_{name}", target=target)


def _of(name: str, target: str, *, is_null: bool = False) -> ModelField:
    return ModelField(name, "ForeignKey", f"{name}_id", target=target, is_null=is_null)


def _flag(name: str, *, default: bool) -> ModelField:
    return ModelField(name, "BooleanField", name, default=default)


CONTRIB_MODELS: Final = (
    DjangoModel(
        "contenttypes.contenttype",
        "django_content_type",
        (_id(), _text("app_label", 100), _text("model", 100)),
    ),
    _model(
        "auth.permission",
        _id(),
        _text("name", 255),
        _of("content_type", "contenttypes.contenttype"),
        _text("codename", 100),
    ),
    _model(
        "auth.group",
        _id(),
        _text("name", 150, is_unique=True),
        _many("group", "permissions", "auth.permission"),
    ),
    _model(
        "auth.user",
        _id(),
        _text("password", 128),
        ModelField("last_login", "DateTimeField", "last_login", is_null=True),
        _flag("is_superuser", default=False),
        _text("username", 150, is_unique=True),
        _text("first_name", 150),
        _text("last_name", 150),
        ModelField("email", "EmailField", "email", max_length=254),
        _flag("is_staff", default=False),
        _flag("is_active", default=True),
        ModelField("date_joined", "DateTimeField", "date_joined"),
        _many("user", "groups", "auth.group"),
        _many("user", "user_permissions", "auth.permission"),
    ),
    DjangoModel(
        "admin.logentry",
        "django_admin_log",
        (
            _id(),
            ModelField("action_time", "DateTimeField", "action_time"),
            _of("user", "auth.user"),
            _of("content_type", "contenttypes.contenttype", is_null=True),
            ModelField("object_id", "TextField", "object_id", is_null=True),
            _text("object_repr", 200),
            ModelField("action_flag", "PositiveSmallIntegerField", "action_flag"),
            ModelField("change_message", "TextField", "change_message"),
        ),
    ),
    DjangoModel(
        "sessions.session",
        "django_session",
        (
            ModelField("session_key", "CharField", "session_key", is_primary=True, max_length=40),
            ModelField("session_data", "TextField", "session_data"),
            ModelField("expire_date", "DateTimeField", "expire_date"),
        ),
    ),
    DjangoModel(
        "sites.site", "django_site", (_id(), _text("domain", 100, is_unique=True), _text("name", 50))
    ),
)
