"""Is what a company or a coordinator fills in well formed?"""

from companies.forms.colleagues import AccessForm, ColleagueForm
from companies.forms.offers import OfferForm, values_of
from companies.forms.review import AccreditationForm, CloseForm, ReturnForm, SearchForm
from companies.forms.signup import TAKEN, CompanyForm, CompanySignupForm

__all__ = [
    "TAKEN",
    "AccessForm",
    "AccreditationForm",
    "CloseForm",
    "ColleagueForm",
    "CompanyForm",
    "CompanySignupForm",
    "OfferForm",
    "ReturnForm",
    "SearchForm",
    "values_of",
]
