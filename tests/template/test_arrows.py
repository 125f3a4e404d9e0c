"""Which part of the application may see which."""

from __future__ import annotations

import ast
import sys
from collections import Counter

import pytest

from tests.template.reading import ROOT, Module, belongs_to, modules_under

SHIPPED = modules_under("functions", "shared")
CLOCK = "shared.adapters.clock"
BOOTSTRAP = "shared.runtime.bootstrap"
READS_ENVIRONMENT = ("shared.config", BOOTSTRAP)
COMMON = ("shared.errors", "shared.messages", "shared.observability")
ROOT_MODULES = (*COMMON, "shared.config", "shared.version")

# package → what of shared/ it may import
ARROWS = {
    "shared.domain": ("shared.domain", "shared.errors"),
    "shared.ports": ("shared.ports", "shared.domain", "shared.errors", "shared.messages"),
    "shared.use_cases": ("shared.use_cases", "shared.ports", "shared.domain", *COMMON),
    "shared.adapters": ("shared.adapters", "shared.ports", "shared.domain", *ROOT_MODULES),
    "shared.runtime": ("shared.runtime", "shared.use_cases", "shared.adapters", "shared.ports", "shared.domain", *ROOT_MODULES),
}


# capability → which others its use cases may call. Floors from top to bottom: a capability calls only what lies below it.
BELOW: dict[str, tuple[str, ...]] = {
    "operations": ("campaign", "signup", "qualification", "referrer", "sync", "contact", "connection", "vendor"),
    "campaign": ("signup", "qualification", "referrer", "sync", "contact", "connection", "vendor"),
    "qualification": ("referrer", "connection", "vendor"),
    "signup": ("referrer", "sync", "contact", "connection", "vendor"),
    "referrer": ("sync", "contact", "connection", "vendor"),
    "sync": ("contact", "connection", "vendor"),
    "contact": ("vendor",),
    "connection": ("vendor",),
    "vendor": (),
}
MOST_MODULES = 15
MOST_TEST_MODULES = 20  # a folder of tests is read by its names alone
"""In a folder, so that it can be taken in at a glance."""


def named(modules: list[Module]) -> list[object]:
    return [pytest.param(module, id=module.name) for module in modules]


@pytest.mark.parametrize("module", named(SHIPPED))
def test_nothing_that_is_shipped_sees_what_is_not(module: Module) -> None:
    strangers = [name for name in module.imports() if belongs_to(name, "sandbox", "tests", "bench", "tools", "moto", "pytest")]
    assert strangers == []


@pytest.mark.parametrize("module", named(modules_under("shared")))
def test_arrows_point_one_way(module: Module) -> None:
    inside = [name for name in module.imports() if belongs_to(name, "shared", "functions")]
    for package, allowed in ARROWS.items():
        if belongs_to(module.name, package):
            assert [name for name in inside if not belongs_to(name, *allowed)] == []
            return
    assert module.name in ROOT_MODULES, "a module of shared/ lies in a layer, or is one of the few beside them"
    assert [name for name in inside if not belongs_to(name, "shared.domain", *ROOT_MODULES)] == []


@pytest.mark.parametrize("capability", BELOW)
def test_a_capability_calls_only_those_below_it(capability: str) -> None:
    allowed = [f"shared.use_cases.{name}" for name in (capability, *BELOW[capability])]
    calls = {
        name
        for module in modules_under(f"shared/use_cases/{capability}")
        for name in module.imports()
        if belongs_to(name, "shared.use_cases") and name.removeprefix("shared.use_cases.").partition(".")[0] in BELOW
    }
    assert {name for name in calls if not belongs_to(name, *allowed)} == set()


@pytest.mark.parametrize("layer", ["domain", "use_cases", "adapters/dynamodb"])
def test_rooms_are_the_capabilities(layer: str) -> None:
    rooms = {path.name for path in (ROOT / "shared" / layer).iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert rooms <= set(BELOW)


@pytest.mark.parametrize(
    ("top", "ending", "most"),
    [
        ("shared", "py", MOST_MODULES),
        ("functions", "py", MOST_MODULES),
        ("functions/console/files", "js", MOST_MODULES),
        ("sandbox", "py", MOST_MODULES),
        ("tests", "py", MOST_TEST_MODULES),
    ],
)
def test_no_folder_is_a_wall(top: str, ending: str, most: int) -> None:
    sizes = Counter(path.parent.relative_to(ROOT).as_posix() for path in (ROOT / top).rglob(f"*.{ending}"))
    assert {folder: size for folder, size in sizes.items() if size > most} == {}


# e-mail addresses are compared in the domain, and how a host is written in DNS is 10,000 lines of tables: a pure function
ALLOWED_IN_DOMAIN = {"shared.domain.person": {"idna"}}


@pytest.mark.parametrize("module", named(modules_under("shared/domain")))
def test_the_domain_needs_the_standard_library_alone(module: Module) -> None:
    allowed = sys.stdlib_module_names | ALLOWED_IN_DOMAIN.get(module.name, set())
    outside = [name for name in module.imports() if not belongs_to(name, "shared")]
    assert [name for name in outside if name.partition(".")[0] not in allowed] == []


@pytest.mark.parametrize("module", named(modules_under("functions")))
def test_a_function_never_imports_another(module: Module) -> None:
    own = ".".join(module.name.split(".")[:2])
    assert [name for name in module.imports() if belongs_to(name, "functions") and not belongs_to(name, own)] == []


@pytest.mark.parametrize("module", named(modules_under("functions")))
def test_a_function_sees_no_adapter_but_that_of_its_own_requests(module: Module) -> None:
    adapters = [name for name in module.imports() if belongs_to(name, "shared.adapters")]
    own = ("shared.adapters.admin",) if belongs_to(module.name, "functions.admin_api") else ()
    assert [name for name in adapters if not belongs_to(name, *own)] == []


@pytest.mark.parametrize("module", named([module for module in SHIPPED if module.name != BOOTSTRAP]))
def test_only_bootstrap_makes_aws_clients(module: Module) -> None:
    assert [name for name in module.imports() if belongs_to(name, "boto3")] == []


@pytest.mark.parametrize("module", named([module for module in SHIPPED if module.name not in READS_ENVIRONMENT]))
def test_only_config_and_bootstrap_read_the_environment(module: Module) -> None:
    assert [name for name in module.imports() if belongs_to(name, "os.environ", "os.getenv", "os.environb")] == []
    assert [name for name in module.attributes() if belongs_to(name, "os.environ", "os.getenv", "os.environb")] == []


@pytest.mark.parametrize("module", named([module for module in SHIPPED if module.name != CLOCK]))
def test_only_the_clock_knows_time_and_chance(module: Module) -> None:
    assert [name for name in module.imports() if belongs_to(name, "time", "random", "uuid", "secrets")] == []
    forbidden = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "os.urandom")
    used = [name.removeprefix("datetime.") if name.count(".") > 1 else name for name in module.attributes()]
    assert [name for name in used if name in forbidden] == []


@pytest.mark.parametrize("vendor", ["intercom", "referral_factory"])
def test_a_vendors_webhook_check_loads_neither_its_client_nor_its_schemas(vendor: str) -> None:
    for module in modules_under(f"shared/adapters/{vendor}"):
        if module.name.endswith(".webhook"):
            others = [f"shared.adapters.{vendor}.{name}" for name in ("client", "schemas")]
            assert [name for name in module.imports() if belongs_to(name, *others, "requests", "pydantic")] == []


def test_referral_factorys_webhook_check_is_where_the_style_puts_it() -> None:
    assert (ROOT / "shared/adapters/referral_factory/webhook.py").is_file()


def test_functions_is_a_namespace_so_that_bundle_and_layer_can_share_it() -> None:
    assert list((ROOT / "functions").rglob("__init__.py")) == []


@pytest.mark.parametrize("module", named(SHIPPED))
def test_nothing_is_made_at_import_but_constants_logger_and_metrics(module: Module) -> None:
    calls = [
        ast.unparse(statement.value.func)
        for statement in module.tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr) and isinstance(statement.value, ast.Call)
    ]
    makers = ("client", "resource", "Session", "environment")
    assert [call for call in calls if call.rpartition(".")[2] in makers] == []
