// SPDX-License-Identifier: Apache-2.0
// An object without any of the headers, which a compiler cache should go on to give.
int unrelated_number();

int unrelated_number()
{
    return 0;
}
